package io.github.pastkv.model.files;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * A value of a {@link JsonObject} as the type and range that the reader expects.
 *
 * @param key its key, with the indices of elements, for messages
 */
record JsonValue(JsonObject owner, String key, JsonNode node) {
    private static final int MAX_REPEATED = 1 << 14;
    /** Far from the ends of a float's range, so that products and quotients of two settings stay in it. */
    private static final double MIN_POSITIVE = 1e-18;
    private static final double MAX_POSITIVE = 1e18;

    int toInt(int min, int max) throws ModelFormatException {
        if (!node.isIntegralNumber()) {
            throw mustBe("an integer");
        }
        if (!node.canConvertToInt() || node.intValue() < min || node.intValue() > max) {
            throw mustBe("in [" + min + ", " + max + "]");
        }
        return node.intValue();
    }

    double toNumber() throws ModelFormatException {
        if (!node.isNumber() || !Double.isFinite(toDouble(node))) {
            throw mustBe("a finite number");
        }
        return toDouble(node);
    }

    double toPositive() throws ModelFormatException {
        double number = toNumber();
        if (number <= 0) {
            throw mustBe("positive");
        }
        if (number < MIN_POSITIVE || number > MAX_POSITIVE) {
            throw mustBe("in [" + MIN_POSITIVE + ", " + MAX_POSITIVE + "]");
        }
        return number;
    }

    /** Infinite where the number is too large; the library's own conversion of integers throws there. */
    static double toDouble(JsonNode value) {
        return value.isIntegralNumber() ? value.bigIntegerValue().doubleValue() : value.doubleValue();
    }

    String toText() throws ModelFormatException {
        if (!node.isString()) {
            throw mustBe("a string");
        }
        return node.stringValue();
    }

    /** Equally long arrays of integers. */
    int[][] toIntRows(int min, int max) throws ModelFormatException {
        if (!node.isArray()) {
            throw mustBe("an array of rows");
        }
        int[][] rows = new int[node.size()][node.isEmpty() ? 0 : node.get(0).size()];
        for (int row = 0; row < rows.length; row++) {
            JsonValue columns = element("[" + row + "]", node.get(row));
            columns.requireRowOf(rows[row].length);
            for (int column = 0; column < rows[row].length; column++) {
                rows[row][column] = columns.element("[" + column + "]", columns.node.get(column)).toInt(min, max);
            }
        }
        return rows;
    }

    private void requireRowOf(int numColumns) throws ModelFormatException {
        if (!node.isArray()) {
            throw mustBe("an array of integers");
        }
        if (node.size() != numColumns) {
            throw owner.refusal(key, node.size() + " numbers, row 0 has " + numColumns);
        }
    }

    private JsonValue element(String index, JsonNode element) {
        return new JsonValue(owner, key + index, element);
    }

    /** Runs of strings, each written out as often as its count says. */
    List<String> toRepeated() throws ModelFormatException {
        List<String> strings = new ArrayList<>();
        for (JsonNode run : node) {
            if (!run.isArray() || run.size() != 2 || !run.get(0).isArray()) {
                throw mustBe("an array of [[string...], count]");
            }
            int count = element("", run.get(1)).toInt(0, MAX_REPEATED);
            for (int i = 0; i < count; i++) {
                for (JsonNode element : run.get(0)) {
                    strings.add(element("", element).toText());
                }
            }
        }
        return List.copyOf(strings);
    }

    /** Integers that are not negative. */
    List<Long> toLongs() throws ModelFormatException {
        List<Long> longs = new ArrayList<>();
        for (JsonNode element : node) {
            if (!element.isIntegralNumber() || !element.canConvertToLong() || element.longValue() < 0) {
                throw mustBe("integers in [0, 2^63)");
            }
            longs.add(element.longValue());
        }
        if (!node.isArray()) {
            throw mustBe("an array of integers");
        }
        return List.copyOf(longs);
    }

    private ModelFormatException mustBe(String expected) {
        return owner.refusal(key, JsonObject.abbreviate(node.toString()) + ", must be " + expected);
    }
}
