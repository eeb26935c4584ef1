package io.github.pastkv.serve.request;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The fields of a JSON object of a request. Each is read by name or refused; {@link #requireAllRead} refuses the rest.
 * A null counts as absent, as in OpenAI's interface.
 *
 * <p>Not safe for use by several threads.
 */
public final class RequestFields {
    private final ObjectNode json;
    private final Set<String> read = new HashSet<>();

    public RequestFields(ObjectNode json) {
        this.json = json;
    }

    /** The fields of {@code node}, which must be an object. */
    public static RequestFields of(String name, JsonNode node) {
        return new RequestFields(RequestValues.requireObject(name, node));
    }

    /** A field's value, if it is there. */
    public Optional<JsonNode> find(String name) {
        read.add(name);
        JsonNode node = json.get(name);
        return node == null || node.isNull() ? Optional.empty() : Optional.of(node);
    }

    public Optional<String> findString(String name) {
        return find(name).map(node -> {
            if (!node.isString()) {
                throw RequestValues.wrongType(name, "a string", node);
            }
            return node.stringValue();
        });
    }

    public boolean booleanOr(String name, boolean absent) {
        return find(name).map(node -> {
            if (!node.isBoolean()) {
                throw RequestValues.wrongType(name, "true or false", node);
            }
            return node.booleanValue();
        }).orElse(absent);
    }

    /** An integer in [least, most]. */
    public OptionalInt findInt(String name, int least, int most) {
        OptionalLong number = findLong(name, least, most);
        return number.isPresent() ? OptionalInt.of((int) number.getAsLong()) : OptionalInt.empty();
    }

    /** An integer in [least, most]. */
    public OptionalLong findLong(String name, long least, long most) {
        Optional<JsonNode> node = find(name);
        return node.isPresent()
                ? OptionalLong.of(RequestValues.requireLong(name, node.get(), least, most))
                : OptionalLong.empty();
    }

    /** A finite number in [least, most]. */
    public OptionalDouble findDouble(String name, double least, double most) {
        Optional<JsonNode> node = find(name);
        return node.isPresent()
                ? OptionalDouble.of(RequestValues.requireDouble(name, node.get(), least, most))
                : OptionalDouble.empty();
    }

    /** A string or a list of strings, as a list; empty if it is absent. */
    public List<String> stringsOf(String name, int most) {
        Optional<JsonNode> node = find(name);
        if (node.isEmpty()) {
            return List.of();
        }
        if (node.get().isString()) {
            return List.of(node.get().stringValue());
        }
        List<String> strings = new ArrayList<>();
        for (JsonNode item : RequestValues.requireArray(name, node.get(), most).values()) {
            if (!item.isString()) {
                throw RequestValues.wrongType(name + "[" + strings.size() + "]", "a string", item);
            }
            strings.add(item.stringValue());
        }
        return strings;
    }

    /** Takes a field whose value changes nothing here, such as {@code user}. */
    public void ignoreHint(String name) {
        read.add(name);
    }

    /** Refuses a field unless it is absent or has one of some values, which ask for nothing. */
    public void refuseUnless(String name, String reason, Object... neutral) {
        Optional<JsonNode> node = find(name);
        if (node.isEmpty()) {
            return;
        }
        for (Object value : neutral) {
            if (isEqual(node.get(), value)) {
                return;
            }
        }
        throw ApiException.unsupported(name, reason);
    }

    private static boolean isEqual(JsonNode node, Object value) {
        return switch (value) {
            case String text -> node.isString() && node.stringValue().equals(text);
            case Boolean flag -> node.isBoolean() && node.booleanValue() == flag;
            case Integer number -> node.isNumber() && RequestValues.toDouble(node) == number;
            case List<?> none -> node.isArray() && node.isEmpty() && none.isEmpty();
            default -> throw new IllegalArgumentException("value: " + value);
        };
    }

    /** Refuses the fields that nobody has read. */
    public void requireAllRead() {
        for (String name : json.propertyNames()) {
            if (!read.contains(name)) {
                throw ApiException.unsupported(name, "this field is not known");
            }
        }
    }
}
