package io.github.pastkv.serve.request;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Checks the types and limits of values of a request. Errors name the field, its value and what it must be. */
public final class RequestValues {
    private RequestValues() {}

    /** {@code node}, which must be an object. */
    public static ObjectNode requireObject(String name, JsonNode node) {
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw wrongType(name, "an object", node);
    }

    /** {@code node}, which must be an integer in [least, most]. */
    public static long requireLong(String name, JsonNode node, long least, long most) {
        if (!node.isIntegralNumber() || !node.canConvertToLong()) {
            throw wrongType(name, "an integer in [" + least + ", " + most + "]", node);
        }
        long value = node.longValue();
        if (value < least || value > most) {
            throw ApiException.badField(name, value + ", must be in [" + least + ", " + most + "]");
        }
        return value;
    }

    /** {@code node}, which must be a number in [least, most]. */
    public static double requireDouble(String name, JsonNode node, double least, double most) {
        if (!node.isNumber()) {
            throw wrongType(name, "a number in [" + least + ", " + most + "]", node);
        }
        double value = toDouble(node);
        if (!(value >= least && value <= most)) {
            throw ApiException.badField(name, value + ", must be in [" + least + ", " + most + "]");
        }
        return value;
    }

    /** The nearest double of a number; infinite beyond their range. */
    static double toDouble(JsonNode number) {
        return number.isBigDecimal() ? number.decimalValue().doubleValue() : number.doubleValue();
    }

    /** {@code node}, which must be a list of at most {@code most} items. */
    public static JsonNode requireArray(String name, JsonNode node, int most) {
        if (!node.isArray()) {
            throw wrongType(name, "a list", node);
        }
        if (node.size() > most) {
            throw ApiException.badField(name, node.size() + " items, at most " + most + " are taken");
        }
        return node;
    }

    /** The refusal of a value of the wrong type. */
    public static ApiException wrongType(String name, String expected, JsonNode actual) {
        return ApiException.badField(name, "must be " + expected + ", is " + shortened(actual));
    }

    private static String shortened(JsonNode json) {
        String text = json.toString();
        return text.length() <= 60 ? text : text.substring(0, 57) + "...";
    }
}
