package io.github.pastkv.model.grammar.schema;

import java.math.BigDecimal;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A schema within a document, and where: the texts of errors begin with its JSON pointer.
 *
 * @param pointer such as {@code #/properties/name}
 */
record SchemaNode(JsonNode json, String pointer) {
    private static final int MAX_DIGITS = 100;

    boolean has(String keyword) {
        return json.has(keyword);
    }

    /** The schema of a keyword, or of an element or property of its value. */
    SchemaNode at(String... path) {
        JsonNode value = json;
        StringBuilder where = new StringBuilder(pointer);
        for (String part : path) {
            value = value.isArray() ? value.path(Integer.parseInt(part)) : value.path(part);
            where.append('/').append(part.replace("~", "~0").replace("/", "~1"));
        }
        return new SchemaNode(value, where.toString());
    }

    /** The schemas in the list of a keyword. */
    List<SchemaNode> list(String keyword) {
        JsonNode list = json.path(keyword);
        if (!list.isArray() || list.isEmpty()) {
            throw refusal(keyword, "must be an array of schemas");
        }
        return IntStream.range(0, list.size())
                .mapToObj(i -> at(keyword, String.valueOf(i))).toList();
    }

    /** The values of a keyword, which is an array. */
    Collection<JsonNode> values(String keyword) {
        if (!json.path(keyword).isArray()) {
            throw refusal(keyword, "must be an array");
        }
        return json.path(keyword).values();
    }

    String text(String keyword) {
        if (!json.path(keyword).isString()) {
            throw refusal(keyword, "must be a string");
        }
        return json.path(keyword).stringValue();
    }

    /** A count, or {@code otherwise} where the keyword is absent. */
    int count(String keyword, int otherwise) {
        if (!json.has(keyword)) {
            return otherwise;
        }
        BigDecimal number = number(keyword);
        if (number.signum() < 0 || number.stripTrailingZeros().scale() > 0
                || number.compareTo(BigDecimal.valueOf(Integer.MAX_VALUE)) >= 0) {
            throw refusal(keyword, "is " + number + ", must be a count");
        }
        return number.intValueExact();
    }

    /** A number, or null where the keyword is absent. */
    @Nullable
    BigDecimal bound(String keyword) {
        return json.has(keyword) ? number(keyword) : null;
    }

    private BigDecimal number(String keyword) {
        if (!json.path(keyword).isNumber()) {
            throw refusal(keyword, "must be a number");
        }
        BigDecimal number = json.path(keyword).decimalValue();
        if (number.precision() > MAX_DIGITS || Math.abs(number.scale()) > MAX_DIGITS) {
            throw refusal(keyword, "has more than " + MAX_DIGITS + " digits, which is not supported");
        }
        return number;
    }

    /** A refusal that names the keyword. */
    IllegalArgumentException refusal(String keyword, String problem) {
        return new IllegalArgumentException("JSON schema: " + pointer + ": '" + keyword + "' " + problem);
    }
}
