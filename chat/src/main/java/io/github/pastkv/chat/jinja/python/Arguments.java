package io.github.pastkv.chat.jinja.python;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The arguments of a call. */
public record Arguments(List<Object> positional, Map<String, Object> named) {
    public static final Arguments NONE = new Arguments(List.of(), Map.of());

    /** Arguments by parameter, for a callee of the given name that has these parameters. */
    public Bound bind(String callee, String... parameters) {
        if (positional.size() > parameters.length) {
            throw new TemplateError(callee + "() takes at most " + parameters.length + " arguments, "
                    + positional.size() + " were given");
        }
        Map<String, Object> values = new LinkedHashMap<>();
        for (int i = 0; i < positional.size(); i++) {
            values.put(parameters[i], positional.get(i));
        }
        List<String> known = List.of(parameters);
        named.forEach((name, value) -> {
            if (!known.contains(name)) {
                throw new TemplateError(callee + "() got an unexpected keyword argument '" + name + "'");
            }
            if (values.put(name, value) != null) {
                throw new TemplateError(callee + "() got multiple values for argument '" + name + "'");
            }
        });
        return new Bound(callee, values);
    }

    /** These arguments without the first {@code count} positional ones. */
    public Arguments from(int count) {
        return new Arguments(new ArrayList<>(positional.subList(Math.min(count, positional.size()), positional.size())),
                named);
    }

    /** Arguments by the names of parameters. */
    public record Bound(String callee, Map<String, Object> values) {
        @Nullable
        public Object find(String parameter) {
            return values.get(parameter);
        }

        public Object get(String parameter, Object absent) {
            return values.getOrDefault(parameter, absent);
        }

        public Object require(String parameter) {
            Object value = values.get(parameter);
            if (value == null) {
                throw new TemplateError(callee + "() misses the argument '" + parameter + "'");
            }
            return value;
        }

        public boolean isTrue(String parameter, boolean absent) {
            Object value = values.get(parameter);
            return value == null ? absent : Python.isTrue(value);
        }

        public int integer(String parameter, int absent) {
            Object value = values.get(parameter);
            return value == null ? absent : Numbers.toInt(value);
        }

        public String text(String parameter, String absent) {
            Object value = values.get(parameter);
            return value == null ? absent : Python.requireText(value, callee + "() argument '" + parameter + "'");
        }
    }
}
