package io.github.pastkv.model.grammar.schema;

import io.github.pastkv.model.grammar.automaton.Expression;
import io.github.pastkv.model.grammar.syntax.Regex;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The texts of numbers and strings. */
final class ScalarSchemas {
    /** OpenAPI's formats of integers, which generators of schemas write for the types of Java and C#. */
    private static final Map<String, BigDecimal> MAX_BY_FORMAT =
            Map.of("int32", BigDecimal.valueOf(Integer.MAX_VALUE), "int64", BigDecimal.valueOf(Long.MAX_VALUE));

    private ScalarSchemas() {}

    static Expression integer(SchemaNode schema) {
        NumberRange range = range(schema);
        return range.isAll() ? JsonValues.integer() : range.integers();
    }

    static Expression number(SchemaNode schema) {
        NumberRange range = range(schema);
        return range.isAll() ? JsonValues.number() : range.decimals();
    }

    /** The numbers that the bounds of a schema and its format leave. */
    static NumberRange range(SchemaNode schema) {
        BigDecimal ofFormat = schema.has("format") ? MAX_BY_FORMAT.get(schema.text("format")) : null;
        BigDecimal min = ofFormat == null
                ? schema.bound("minimum")
                : greater(schema.bound("minimum"), ofFormat.add(BigDecimal.ONE).negate());
        BigDecimal above = schema.bound("exclusiveMinimum");
        BigDecimal max = ofFormat == null ? schema.bound("maximum") : less(schema.bound("maximum"), ofFormat);
        BigDecimal below = schema.bound("exclusiveMaximum");
        boolean includesMin = above == null || (min != null && min.compareTo(above) > 0);
        boolean includesMax = below == null || (max != null && max.compareTo(below) < 0);
        return new NumberRange(includesMin ? min : above, includesMin, includesMax ? max : below, includesMax);
    }

    private static BigDecimal greater(@Nullable BigDecimal bound, BigDecimal other) {
        return bound == null ? other : bound.max(other);
    }

    private static BigDecimal less(@Nullable BigDecimal bound, BigDecimal other) {
        return bound == null ? other : bound.min(other);
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
