package io.github.pastkv.model.files;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * An object of a JSON file, read key by key with the type and range that the reader expects. A key that is null counts
 * as absent. It records which keys were read, so that unknown keys can be rejected by name.
 *
 * <p>Errors are {@link ModelFormatException}s with the file, the key, the actual value and the expected one. Not
 * thread-safe.
 */
public final class JsonObject {
    private final Path file;
    private final String path;
    private final JsonNode node;
    private final Set<String> allowedKeys;
    private final Set<String> askedKeys = new HashSet<>();

    JsonObject(Path file, String path, JsonNode node) {
        this(file, path, node, Set.of());
    }

    private JsonObject(Path file, String path, JsonNode node, Set<String> allowedKeys) {
        this.file = file;
        this.path = path;
        this.node = node;
        this.allowedKeys = allowedKeys;
    }

    /**
     * The same object, in which these keys pass even if no reader asks for them.
     *
     * @param keys names as refusals give them, those of nested objects with the path before them
     */
    public JsonObject allowing(Set<String> keys) {
        return new JsonObject(file, path, node, Set.copyOf(keys));
    }

    /** The part of the object that has these keys, of which none counts as read. */
    public JsonObject only(Set<String> keys) {
        ObjectNode part = ((ObjectNode) node).objectNode();
        node.properties().stream().filter(entry -> keys.contains(entry.getKey()))
                .forEach(entry -> part.set(entry.getKey(), entry.getValue()));
        return new JsonObject(file, path, part, allowedKeys);
    }

    /** The same object with those of {@code keys} that it lacks as {@code other} has them. */
    public JsonObject withAbsentFrom(JsonObject other, Set<String> keys) {
        ObjectNode merged = (ObjectNode) node.deepCopy();
        for (String key : keys) {
            JsonNode inherited = other.find(key);
            if (find(key) == null && inherited != null) {
                merged.set(key, inherited);
            }
        }
        return new JsonObject(file, path, merged, allowedKeys);
    }

    /** Where in the file it is, as messages say it: {@code "line 3: "}, or empty where it is the whole file. */
    public String path() {
        return path;
    }

    /** The file it was read from. */
    public Path file() {
        return file;
    }

    /** All keys, in the order of the file. */
    public List<String> keys() {
        return List.copyOf(node.propertyNames());
    }

    /** Whether the key is there and not null. */
    public boolean has(String key) {
        return find(key) != null;
    }

    /** An integer in {@code [min, max]}. */
    public int requireInt(String key, int min, int max) throws ModelFormatException {
        return value(key, require(key, "an integer")).toInt(min, max);
    }

    /** An integer in {@code [min, max]}, or empty if the key is absent. */
    public OptionalInt findInt(String key, int min, int max) throws ModelFormatException {
        JsonNode value = find(key);
        return value == null ? OptionalInt.empty() : OptionalInt.of(value(key, value).toInt(min, max));
    }

    /** One integer or an array of them, each in {@code [min, max]}; empty if the key is absent. */
    public List<Integer> findInts(String key, int min, int max) throws ModelFormatException {
        JsonNode value = find(key);
        if (value == null) {
            return List.of();
        }
        List<Integer> ints = new ArrayList<>();
        for (JsonNode element : value.isArray() ? value : List.of(value)) {
            ints.add(value(key, element).toInt(min, max));
        }
        return List.copyOf(ints);
    }

    /** An array of equally long arrays of integers, each in {@code [min, max]}; empty if the key is absent. */
    public Optional<int[][]> findIntRows(String key, int min, int max) throws ModelFormatException {
        JsonNode value = find(key);
        if (value == null) {
            return Optional.empty();
        }
        return Optional.of(value(key, value).toIntRows(min, max));
    }

    /** A number greater than 0, in [1e-18, 1e18]. */
    public double requirePositive(String key) throws ModelFormatException {
        return value(key, require(key, "a number")).toPositive();
    }

    /** A number greater than 0, in [1e-18, 1e18], or empty if the key is absent. */
    public OptionalDouble findPositive(String key) throws ModelFormatException {
        JsonNode value = find(key);
        return value == null ? OptionalDouble.empty() : OptionalDouble.of(value(key, value).toPositive());
    }

    /** A finite number, or empty if the key is absent. */
    public OptionalDouble findNumber(String key) throws ModelFormatException {
        JsonNode value = find(key);
        return value == null ? OptionalDouble.empty() : OptionalDouble.of(value(key, value).toNumber());
    }

    /** An array of positive finite numbers. */
    public List<Double> requirePositives(String key) throws ModelFormatException {
        JsonNode value = require(key, "an array of numbers");
        if (!value.isArray()) {
            throw refusal(key, abbreviate(value.toString()) + ", must be an array of numbers");
        }
        List<Double> numbers = new ArrayList<>();
        for (JsonNode element : value) {
            numbers.add(value(key, element).toPositive());
        }
        return List.copyOf(numbers);
    }

    /** Whether the key is there and null, where that differs from its absence. */
    public boolean isNull(String key) {
        askedKeys.add(key);
        JsonNode value = node.get(key);
        return value != null && value.isNull();
    }

    /** True or false, {@code absent} if the key is not there. */
    public boolean findBoolean(String key, boolean absent) throws ModelFormatException {
        JsonNode value = find(key);
        if (value == null) {
            return absent;
        }
        if (!value.isBoolean()) {
            throw refusal(key, abbreviate(value.toString()) + ", must be true or false");
        }
        return value.booleanValue();
    }

    /** A string, or empty if the key is absent. */
    public Optional<String> findString(String key) throws ModelFormatException {
        JsonNode value = find(key);
        return value == null ? Optional.empty() : Optional.of(value(key, value).toText());
    }

    /** A string. */
    public String requireString(String key) throws ModelFormatException {
        return value(key, require(key, "a string")).toText();
    }

    /** An array of strings, empty if the key is absent. */
    public List<String> findStrings(String key) throws ModelFormatException {
        JsonNode value = find(key);
        if (value == null) {
            return List.of();
        }
        if (!value.isArray()) {
            throw refusal(key, abbreviate(value.toString()) + ", must be an array of strings");
        }
        List<String> strings = new ArrayList<>();
        for (JsonNode element : value) {
            strings.add(value(key, element).toText());
        }
        return List.copyOf(strings);
    }

    /**
     * Strings written as runs, {@code [[["a", "b"], 2]]} for a, b, a, b; empty if the key is absent.
     */
    public List<String> findRepeated(String key) throws ModelFormatException {
        JsonNode value = find(key);
        if (value == null) {
            return List.of();
        }
        return value(key, value).toRepeated();
    }

    /** A nested object, or empty if the key is absent. */
    public Optional<JsonObject> findObject(String key) throws ModelFormatException {
        JsonNode value = find(key);
        if (value == null) {
            return Optional.empty();
        }
        if (!value.isObject()) {
            throw refusal(key, abbreviate(value.toString()) + ", must be an object");
        }
        return Optional.of(new JsonObject(file, path + key + ".", value, allowedKeys));
    }

    /** Whether the key holds an array. */
    public boolean isArray(String key) {
        JsonNode value = find(key);
        return value != null && value.isArray();
    }

    /** Whether the key holds a string. */
    public boolean isString(String key) {
        JsonNode value = find(key);
        return value != null && value.isString();
    }

    /** Whether the key holds an object. */
    public boolean isObject(String key) {
        JsonNode value = find(key);
        return value != null && value.isObject();
    }

    /** An array of objects, empty if the key is absent. */
    public List<JsonObject> findObjects(String key) throws ModelFormatException {
        JsonNode value = find(key);
        if (value == null) {
            return List.of();
        }
        List<JsonObject> objects = new ArrayList<>();
        for (JsonNode element : value) {
            if (!element.isObject()) {
                throw refusal(key, abbreviate(element.toString()) + ", must be an object");
            }
            objects.add(new JsonObject(file, path + key + "[" + objects.size() + "].", element, allowedKeys));
        }
        return List.copyOf(objects);
    }

    /** A nested object. */
    public JsonObject requireObject(String key) throws ModelFormatException {
        require(key, "an object");
        return findObject(key).orElseThrow();
    }

    /** An array of integers that are not negative. */
    List<Long> requireLongs(String key) throws ModelFormatException {
        return value(key, require(key, "an array of integers")).toLongs();
    }

    /**
     * Rejects the first key that was not read and is not in {@code harmlessKeys}; null, false and empty values are
     * accepted.
     */
    public void refuseUnknownKeys(Set<String> harmlessKeys) throws ModelFormatException {
        for (String key : node.propertyNames()) {
            if (!harmlessKeys.contains(key) && isUnknown(key)) {
                throw refusal(key, abbreviate(node.get(key).toString())
                        + ", this key is not known and may change the result (--allow-config " + abbreviate(path + key)
                        + " lets it pass)");
            }
        }
    }

    /** Whether the key has a value, has not been read so far and is not accepted. */
    public boolean isUnknown(String key) {
        JsonNode value = node.get(key);
        return value != null && !saysNothing(value) && !askedKeys.contains(key) && !allowedKeys.contains(path + key);
    }

    /** Whether the key holds this number. */
    public boolean isNumber(String key, double number) {
        JsonNode value = node.get(key);
        return value != null && value.isNumber() && JsonValue.toDouble(value) == number;
    }

    /** The value of {@code key} as JSON, cut to a length for messages; {@code null} if it is absent. */
    public String describe(String key) {
        return abbreviate(String.valueOf(node.get(key)));
    }

    /** The text of the same object where {@code key} holds an object of these strings, whatever it held. */
    public String textWith(String key, Map<String, String> strings) {
        ObjectNode changed = (ObjectNode) node.deepCopy();
        ObjectNode inner = changed.putObject(key);
        strings.forEach(inner::put);
        return changed.toPrettyString();
    }

    /** The exception that refuses the value of {@code key}. */
    public ModelFormatException refusal(String key, String problem) {
        return new ModelFormatException(file, abbreviate(path + key) + ": " + problem);
    }

    private static boolean saysNothing(JsonNode value) {
        boolean isFalse = value.isBoolean() && !value.booleanValue();
        boolean isEmpty = (value.isContainer() && value.isEmpty())
                || (value.isString() && value.stringValue().isEmpty());
        return value.isNull() || isFalse || isEmpty;
    }

    private @Nullable JsonNode find(String key) {
        askedKeys.add(key);
        JsonNode value = node.get(key);
        return value == null || value.isNull() ? null : value;
    }

    private JsonValue value(String key, JsonNode value) {
        return new JsonValue(this, key, value);
    }

    private JsonNode require(String key, String expected) throws ModelFormatException {
        JsonNode value = find(key);
        if (value == null) {
            throw refusal(key, "missing, must be " + expected);
        }
        return value;
    }

    static String abbreviate(String text) {
        return text.length() <= 60 ? text : text.substring(0, 57) + "...";
    }
}
