package io.github.pastkv.chat.jinja;

import io.github.pastkv.chat.jinja.python.Arguments;
import io.github.pastkv.chat.jinja.python.Items;
import io.github.pastkv.chat.jinja.python.Markup;
import io.github.pastkv.chat.jinja.python.Numbers;
import io.github.pastkv.chat.jinja.python.Python;
import io.github.pastkv.chat.jinja.python.TemplateError;
import io.github.pastkv.chat.jinja.python.Undefined;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The filters, by name: those of single values here, those of sequences in {@link SequenceFilters}. */
final class Filters {
    private static final Map<String, String> OTHER_NAMES = Map.of("d", "default", "e", "escape", "count", "length");
    private static final Set<String> KNOWN = Set.of("abs", "attr", "batch", "capitalize", "center", "default",
            "dictsort",
            "escape", "first", "float", "format", "groupby", "indent", "int", "items", "join", "last", "length", "list",
            "lower", "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "round", "safe", "select",
            "selectattr", "slice", "sort", "string", "sum", "title", "tojson", "trim", "truncate", "unique", "upper",
            "wordcount");
    private static final Set<String> WITHOUT_ARGUMENTS =
            Set.of("abs", "escape", "first", "items", "last", "length", "list", "reverse", "safe", "string",
                    "wordcount");
    private static final Set<String> KNOWN_ELSEWHERE = Set.of("filesizeformat", "forceescape", "pprint", "random",
            "striptags", "urlencode", "urlize", "wordwrap", "xmlattr");

    private Filters() {}

    static boolean isKnown(String name) {
        return KNOWN.contains(OTHER_NAMES.getOrDefault(name, name)) || KNOWN_ELSEWHERE.contains(name);
    }

    /** What is wrong with a name, or null if it is one of a filter here. */
    static @Nullable String problem(String name) {
        return KNOWN_ELSEWHERE.contains(name)
                ? "the filter '" + name + "' is not supported"
                : isKnown(name) ? null : "there is no filter '" + name + "'";
    }

    static void requireKnown(String name) {
        @Nullable String problem = problem(name);
        if (problem != null) {
            throw new TemplateError(problem);
        }
    }

    static Object apply(String name, Object value, Arguments arguments) {
        requireKnown(name);
        String known = OTHER_NAMES.getOrDefault(name, name);
        if (WITHOUT_ARGUMENTS.contains(known)) {
            arguments.bind(known);
        }
        return switch (known) {
            case "default" -> orDefault(value, arguments.bind(known, "default_value", "boolean"));
            case "tojson" -> Json.dump(value, arguments);
            case "string" -> value instanceof Markup ? value : Python.str(value);
            case "safe" -> new Markup(Python.str(value));
            case "escape" -> value instanceof Markup ? value : new Markup(Markup.escape(Python.str(value)));
            case "abs" -> absolute(value);
            case "int" -> Conversions.toInteger(value, arguments.bind(known, "default", "base"));
            case "float" -> Conversions.toReal(value, arguments.bind(known, "default"));
            case "round" -> Conversions.round(value, arguments.bind(known, "precision", "method"));
            case "attr" -> Items.attribute(value,
                    Python.requireText(arguments.bind(known, "name").require("name"), "the name of an attribute"));
            case "upper", "lower", "capitalize", "title", "center", "replace", "trim", "indent", "truncate",
                    "wordcount",
                    "format" -> TextFilters.apply(known, value, arguments);
            default -> SequenceFilters.apply(known, value, arguments);
        };
    }

    private static Object orDefault(Object value, Arguments.Bound bound) {
        boolean isMissing = value instanceof Undefined || (bound.isTrue("boolean", false) && !Python.isTrue(value));
        return isMissing ? bound.get("default_value", "") : value;
    }

    private static Object absolute(Object value) {
        if (!Numbers.isNumber(value)) {
            throw Python.firstUndefined(value, value,
                    new TemplateError("bad operand type for abs(): '" + Python.typeName(value) + "'"));
        }
        return value instanceof Double real ? (Object) Math.abs(real) : Numbers.integer(Numbers.big(value).abs());
    }
}
