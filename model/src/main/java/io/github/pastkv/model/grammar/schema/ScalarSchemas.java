package io.github.pastkv.model.grammar.schema;

import io.github.pastkv.model.grammar.automaton.Expression;
import io.github.pastkv.model.grammar.syntax.Regex;
import java.math.BigDecimal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The texts of numbers and strings. */
final class ScalarSchemas {
    private ScalarSchemas() {}

    static Expression integer(SchemaNode schema) {
        NumberRange range = range(schema);
        return range.isAll() ? JsonValues.integer() : range.integers();
    }

    static Expression number(SchemaNode schema) {
        NumberRange range = range(schema);
        return range.isAll() ? JsonValues.number() : range.decimals();
    }

    /** The numbers that the bounds of a schema leave. */
    static NumberRange range(SchemaNode schema) {
        BigDecimal min = schema.bound("minimum");
        BigDecimal above = schema.bound("exclusiveMinimum");
        BigDecimal max = schema.bound("maximum");
        BigDecimal below = schema.bound("exclusiveMaximum");
        boolean includesMin = above == null || (min != null && min.compareTo(above) > 0);
        boolean includesMax = below == null || (max != null && max.compareTo(below) < 0);
        return new NumberRange(includesMin ? min : above, includesMin, includesMax ? max : below, includesMax);
    }

    static Expression string(SchemaNode schema) {
        int min = schema.count("minLength", 0);
        int max = schema.count("maxLength", Expression.UNBOUNDED);
        @Nullable String content = schema.has("pattern") ? "pattern" : schema.has("format") ? "format" : null;
        if (content == null) {
            return max < min ? new Expression.Choice(List.of()) : JsonStrings.free(min, max);
        }
        for (String other : List.of("minLength", "maxLength", "format")) {
            if (schema.has(other) && !other.equals(content)) {
                throw schema.refusal(other, "beside '" + content + "' is not supported");
            }
        }
        return JsonStrings.of(content.equals("format") ? Formats.content(schema) : pattern(schema));
    }

    private static Expression pattern(SchemaNode schema) {
        try {
            return Regex.parse(schema.text("pattern")).contained();
        } catch (IllegalArgumentException e) {
            throw schema.refusal("pattern", "is refused: " + e.getMessage());
        }
    }
}
