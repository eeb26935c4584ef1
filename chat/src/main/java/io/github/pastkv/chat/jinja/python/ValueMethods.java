package io.github.pastkv.chat.jinja.python;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Attributes and methods of values as the sandbox allows them: nothing private, nothing that changes a value. */
public final class ValueMethods {
    private static final Set<String> CHANGE_LIST =
            Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");
    private static final Set<String> CHANGE_DICT = Set.of("clear", "pop", "popitem", "setdefault", "update");
    private static final Set<String> KNOWN_ELSEWHERE =
            Set.of("casefold", "encode", "format_map", "isidentifier", "istitle",
                    "maketrans", "translate", "fromkeys", "as_integer_ratio", "bit_count", "bit_length", "conjugate",
                    "denominator",
                    "from_bytes", "imag", "is_integer", "numerator", "real", "to_bytes", "fromhex", "hex");

    private ValueMethods() {}

    /** An attribute of the value that is no item of it, or null if there is none. */
    public static @Nullable Object find(Object value, String name) {
        if (name.startsWith("__")) {
            return new Undefined(
                    "access to attribute '" + name + "' of '" + Python.typeName(value) + "' object is unsafe");
        }
        return switch (value) {
            case Namespace _ -> null;
            case String text -> orRefused(StringMethods.find(text, name), value, name);
            case Markup markup -> markup(markup, name);
            case Map<?, ?> map -> mapMethod(map, name);
            case List<?> list -> listMethod(list, name);
            case Tuple tuple -> tupleAttribute(tuple, name);
            case Function function -> function.attribute(name);
            case Long _ -> orRefused(null, value, name);
            case Boolean _ -> orRefused(null, value, name);
            case Double number when name.equals("is_integer") -> (Function) _ -> number == Math.rint(number);
            case Double _ -> orRefused(null, value, name);
            default -> null;
        };
    }

    private static @Nullable Object orRefused(@Nullable Object found, Object value, String name) {
        if (found == null && KNOWN_ELSEWHERE.contains(name)) {
            throw new TemplateError("'" + name + "' of a " + Python.typeName(value) + " is not supported");
        }
        return found;
    }

    private static @Nullable Object markup(Markup markup, String name) {
        if (!Set.of("strip", "lstrip", "rstrip").contains(name)) {
            throw new TemplateError("'" + name + "' of a string that is marked safe is not supported");
        }
        @Nullable Function method = StringMethods.find(markup.text(), name);
        return method == null ? null : (Function) arguments -> new Markup(Python.str(method.call(arguments)));
    }

    private static Undefined unsafe(String name, String type) {
        return new Undefined("access to attribute '" + name + "' of '" + type + "' object is unsafe");
    }

    private static @Nullable Object mapMethod(Map<?, ?> map, String name) {
        if (CHANGE_DICT.contains(name)) {
            return unsafe(name, "dict");
        }
        return switch (name) {
            case "items" -> (Function) _ -> new View("dict_items", pairs(map));
            case "keys" -> (Function) _ -> new View("dict_keys", new ArrayList<>(map.keySet()));
            case "values" -> (Function) _ -> new View("dict_values", new ArrayList<>(map.values()));
            case "get" -> (Function) arguments -> {
                Arguments.Bound bound = arguments.bind("get", "key", "default");
                Object key = Comparisons.key(bound.require("key"));
                return map.containsKey(key) ? map.get(key) : bound.get("default", None.NONE);
            };
            case "copy" -> (Function) _ -> map;
            default -> orRefused(null, map, name);
        };
    }

    /** Key and value of each entry. */
    public static List<Object> pairs(Map<?, ?> map) {
        List<Object> pairs = new ArrayList<>();
        map.forEach((key, item) -> pairs.add(new Tuple(key, item)));
        Budget.step(map.size());
        return pairs;
    }

    private static @Nullable Object listMethod(List<?> list, String name) {
        return switch (name) {
            case "index" -> (Function) arguments -> indexOf(list, arguments);
            case "count" -> (Function) arguments -> count(list, arguments);
            case "copy" -> (Function) _ -> list;
            default -> CHANGE_LIST.contains(name) ? unsafe(name, "list") : null;
        };
    }

    private static Object indexOf(List<?> list, Arguments arguments) {
        Object wanted = arguments.bind("index", "value").require("value");
        for (int i = 0; i < list.size(); i++) {
            if (Comparisons.equal(list.get(i), wanted)) {
                return (long) i;
            }
        }
        throw new TemplateError(Python.repr(wanted) + " is not in list");
    }

    private static Object count(List<?> list, Arguments arguments) {
        Object wanted = arguments.bind("count", "value").require("value");
        return list.stream().filter(item -> Comparisons.equal(item, wanted)).count();
    }

    private static @Nullable Object tupleAttribute(Tuple tuple, String name) {
        int field = tuple.fields().indexOf(name);
        if (field >= 0) {
            return tuple.items().get(field);
        }
        return name.equals("index") || name.equals("count") ? listMethod(tuple.items(), name) : null;
    }
}
