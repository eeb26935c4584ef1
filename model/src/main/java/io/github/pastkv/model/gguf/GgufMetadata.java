package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.ModelFormatException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a GGUF file and their values, read with the type and range that the reader expects. It records which keys
 * were read, so that unknown keys can be rejected by name.
 *
 * <p>Every refusal is a {@link ModelFormatException} with file, key, what is there and what was expected. Not safe for
 * use by several threads.
 */
public final class GgufMetadata {
    /** The least bytes of a key: its length, one byte, its type. */
    static final int MIN_KEY_BYTES = 13;

    private final Path file;
    private final Map<String, Object> values;
    private final Set<String> askedKeys = new HashSet<>();

    private GgufMetadata(Path file, Map<String, Object> values) {
        this.file = file;
        this.values = values;
    }

    static GgufMetadata read(Path file, GgufCursor cursor, long numKeys) throws ModelFormatException {
        Map<String, Object> values = new LinkedHashMap<>();
        for (long i = 0; i < numKeys; i++) {
            String key = cursor.string("key " + i);
            if (key.isEmpty()) {
                throw cursor.refusal("key " + i + " is empty");
            }
            if (values.put(key, GgufValueType.of(cursor, key).read(cursor, key)) != null) {
                throw cursor.refusal("key " + key + " is there twice");
            }
        }
        return new GgufMetadata(file, values);
    }

    /** The file it was read from. */
    public Path file() {
        return file;
    }

    /** All keys, in the order of the file. */
    public List<String> keys() {
        return List.copyOf(values.keySet());
    }

    public boolean has(String key) {
        return values.containsKey(key);
    }

    /** Whether the key holds one value for each of several things. */
    public boolean isArray(String key) {
        return values.get(key) instanceof List;
    }

    /** The value for people, cut to a length. */
    public String describe(String key) {
        Object value = values.get(key);
        return value instanceof List<?> list && list.size() > 8
                ? "an array of " + list.size()
                : abbreviate(value instanceof String ? "\"" + value + "\"" : String.valueOf(value));
    }

    /** An integer in {@code [min, max]}. */
    public int requireInt(String key, int min, int max) throws ModelFormatException {
        return toInt(key, require(key, "an integer"), min, max);
    }

    /** An integer in {@code [min, max]}, or empty if the key is absent. */
    public OptionalInt findInt(String key, int min, int max) throws ModelFormatException {
        Object value = find(key);
        return value == null ? OptionalInt.empty() : OptionalInt.of(toInt(key, value, min, max));
    }

    /**
     * An integer that a file may give once or for each layer; refused where layers differ.
     *
     * @param numLayers length of the array
     */
    public OptionalInt findEqualInts(String key, int numLayers, int min, int max) throws ModelFormatException {
        if (!isArray(key)) {
            return findInt(key, min, max);
        }
        List<Integer> ints = findInts(key, min, max);
        if (ints.size() != numLayers || ints.stream().distinct().count() != 1) {
            throw refusal(key, describe(key) + ", must be equal in all " + numLayers + " layers");
        }
        return OptionalInt.of(ints.getFirst());
    }

    /** An array of integers in {@code [min, max]}, empty if the key is absent. */
    public List<Integer> findInts(String key, int min, int max) throws ModelFormatException {
        List<Integer> ints = new ArrayList<>();
        for (Object element : findList(key)) {
            ints.add(toInt(key, element, min, max));
        }
        return List.copyOf(ints);
    }

    /** A finite number, or empty if the key is absent. */
    public OptionalDouble findNumber(String key) throws ModelFormatException {
        Object value = find(key);
        return value == null ? OptionalDouble.empty() : OptionalDouble.of(toNumber(key, value));
    }

    /** A finite number. */
    public double requireNumber(String key) throws ModelFormatException {
        return toNumber(key, require(key, "a number"));
    }

    /** An array of finite numbers, empty if the key is absent. */
    public List<Double> findNumbers(String key) throws ModelFormatException {
        List<Double> numbers = new ArrayList<>();
        for (Object element : findList(key)) {
            numbers.add(toNumber(key, element));
        }
        return List.copyOf(numbers);
    }

    /** True or false, or empty if the key is absent. */
    public Optional<Boolean> findBoolean(String key) throws ModelFormatException {
        Object value = find(key);
        if (value == null || value instanceof Boolean) {
            return Optional.ofNullable((Boolean) value);
        }
        throw refusal(key, describe(key) + ", must be a bool");
    }

    /** Booleans, empty if the key is absent. */
    public List<Boolean> findBooleans(String key) throws ModelFormatException {
        List<Boolean> booleans = new ArrayList<>();
        for (Object element : findList(key)) {
            if (!(element instanceof Boolean each)) {
                throw refusal(key, element + ", must be bools");
            }
            booleans.add(each);
        }
        return List.copyOf(booleans);
    }

    /** A string, or empty if the key is absent. */
    public Optional<String> findString(String key) throws ModelFormatException {
        Object value = find(key);
        if (value == null || value instanceof String) {
            return Optional.ofNullable((String) value);
        }
        throw refusal(key, describe(key) + ", must be a string");
    }

    /** A string. */
    public String requireString(String key) throws ModelFormatException {
        require(key, "a string");
        return findString(key).orElseThrow();
    }

    /** An array of strings, empty if the key is absent. */
    public List<String> findStrings(String key) throws ModelFormatException {
        List<?> list = findList(key);
        for (Object element : list) {
            if (!(element instanceof String)) {
                throw refusal(key, element + ", must be strings");
            }
        }
        return list.stream().map(String.class::cast).toList();
    }

    private List<?> findList(String key) throws ModelFormatException {
        Object value = find(key);
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof List<?> list)) {
            throw refusal(key, describe(key) + ", must be an array");
        }
        return list;
    }

    /** Whether a key was asked for. */
    public boolean isAsked(String key) {
        return askedKeys.contains(key);
    }

    /** The exception that refuses the value of {@code key}. */
    public ModelFormatException refusal(String key, String problem) {
        return new ModelFormatException(file, abbreviate(key) + ": " + problem);
    }

    private @Nullable Object find(String key) {
        askedKeys.add(key);
        return values.get(key);
    }

    private Object require(String key, String expected) throws ModelFormatException {
        Object value = find(key);
        if (value == null) {
            throw refusal(key, "missing, must be " + expected);
        }
        return value;
    }

    private int toInt(String key, Object value, int min, int max) throws ModelFormatException {
        if (!(value instanceof Long number)) {
            throw refusal(key, describe(key) + ", must be an integer");
        }
        if (number < min || number > max) {
            throw refusal(key, number + ", must be in [" + min + ", " + max + "]");
        }
        return number.intValue();
    }

    private double toNumber(String key, Object value) throws ModelFormatException {
        if (!(value instanceof Double number) || !Double.isFinite(number)) {
            throw refusal(key, describe(key) + ", must be a finite floating-point number");
        }
        return number;
    }

    private static String abbreviate(String text) {
        return text.length() <= 60 ? text : text.substring(0, 57) + "...";
    }
}
