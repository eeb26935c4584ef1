package io.github.pastkv.lens.sweep;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes and reads the fields of JSON objects. A field that is missing or does not fit is an
 * {@link IllegalArgumentException} that names it.
 */
final class JsonFields {
    private JsonFields() {}

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    static void addIds(ArrayNode target, int[] ids) {
        Arrays.stream(ids).forEach(target::add);
    }

    static JsonNode parse(String what, String text) {
        try {
            JsonNode json = JsonMapper.shared().readTree(text);
            if (!json.isObject()) {
                throw new IllegalArgumentException(what + ": is no JSON object");
            }
            return json;
        } catch (JacksonException e) {
            throw new IllegalArgumentException(what + ": is no JSON: " + e.getOriginalMessage(), e);
        }
    }

    static void requireKeys(JsonNode json, Set<String> known) {
        Set<String> unknown = new TreeSet<>(json.propertyNames());
        unknown.removeAll(known);
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(unknown.iterator().next() + ": unknown, known are "
                    + String.join(", ", new TreeSet<>(known)));
        }
    }

    static JsonNode require(JsonNode json, String key, Predicate<JsonNode> isValid) {
        JsonNode value = json.path(key);
        if (!isValid.test(value)) {
            throw new IllegalArgumentException(
                    key + ": " + (value.isMissingNode() ? "missing" : value + " does not fit"));
        }
        return value;
    }

    static String text(JsonNode json, String key) {
        return require(json, key, JsonNode::isString).stringValue();
    }

    static List<String> texts(JsonNode json, String key) {
        List<String> texts = new ArrayList<>();
        require(json, key, JsonNode::isArray).forEach(value -> texts.add(value.asString("")));
        return texts;
    }

    static int[] ids(JsonNode json, String key) {
        return toIds(require(json, key, JsonNode::isArray), key);
    }

    static int[] toIds(JsonNode array, String key) {
        int[] ids = new int[array.size()];
        for (int i = 0; i < ids.length; i++) {
            if (!array.get(i).isInt()) {
                throw new IllegalArgumentException(key + ": " + array.get(i) + " at " + i + ", must be an integer");
            }
            ids[i] = array.get(i).intValue();
        }
        return ids;
    }

    static <T> T oneOf(JsonNode json, String key, T[] values) {
        return oneOf(key, text(json, key), values, String::valueOf);
    }

    static <T> T oneOf(String key, String name, T[] values, Function<T, String> nameOf) {
        return Arrays.stream(values).filter(value -> nameOf.apply(value).equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException(key + ": '" + name + "', known are "
                        + String.join(", ", Arrays.stream(values).map(nameOf).toList())));
    }

    static double number(JsonNode value, String where) {
        try {
            return value.isNumber() ? value.doubleValue() : Double.parseDouble(value.asString(""));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(where + ": " + value + ", must be a number", e);
        }
    }
}
