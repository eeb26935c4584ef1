package io.github.pastkv.spark;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.network.util.JavaUtils;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads options by name; messages say name, actual value and limit. Immutable. */
final class OptionValues {
    private final Map<String, String> values;

    OptionValues(Map<String, String> values) {
        this.values = values;
    }

    int integer(String name, int absent, int least, int most) {
        long value = longInteger(name, absent);
        if (value < least || value > most) {
            throw refusal(name, "an integer in [" + least + ", " + most + "]");
        }
        return (int) value;
    }

    long longInteger(String name, long absent) {
        String text = values.get(name);
        try {
            return text == null ? absent : Long.parseLong(text.strip());
        } catch (NumberFormatException _) {
            throw refusal(name, "an integer");
        }
    }

    double number(String name, double absent) {
        String text = values.get(name);
        try {
            return text == null ? absent : Double.parseDouble(text.strip());
        } catch (NumberFormatException _) {
            throw refusal(name, "a number");
        }
    }

    boolean isTrue(String name) {
        String text = values.getOrDefault(name, "false").strip().toLowerCase(Locale.ROOT);
        if (!text.equals("true") && !text.equals("false")) {
            throw refusal(name, "true or false");
        }
        return text.equals("true");
    }

    /** A size as Spark writes it: bytes, or with a unit such as {@code 512m} or {@code 4g}. */
    long bytes(String name, long absent) {
        String text = values.get(name);
        try {
            return text == null ? absent : JavaUtils.byteStringAsBytes(text);
        } catch (NumberFormatException _) {
            throw refusal(name, "a size such as 512m or 4g");
        }
    }

    /** A constant, by its name in lower case with hyphens. */
    <E extends Enum<E>> E oneOf(String name, E[] known, E absent) {
        String text = values.get(name);
        if (text == null) {
            return absent;
        }
        return Arrays.stream(known).filter(one -> label(one).equals(text)).findFirst().orElseThrow(
                () -> refusal(name, "one of " + Arrays.stream(known).map(OptionValues::label).toList()));
    }

    private static String label(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** A JSON array of texts. */
    String[] texts(String name) {
        String text = values.getOrDefault(name, "[]");
        try {
            JsonNode array = JsonMapper.shared().readTree(text);
            if (array.isArray() && array.valueStream().allMatch(JsonNode::isString)) {
                return array.valueStream().map(JsonNode::stringValue).toArray(String[]::new);
            }
        } catch (JacksonException _) {
            // refused below
        }
        throw refusal(name, "a JSON array of texts such as [\"a\", \"b\"]");
    }

    private IllegalArgumentException refusal(String name, String limit) {
        return new IllegalArgumentException(name + ": " + values.get(name) + ", must be " + limit);
    }
}
