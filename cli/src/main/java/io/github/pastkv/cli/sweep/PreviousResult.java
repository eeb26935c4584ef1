package io.github.pastkv.cli.sweep;

import java.io.IOException;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A file of results that a command wrote before.
 *
 * @param option the option that named it, for messages
 */
record PreviousResult(String option, Path file, JsonNode json) {
    private static final int MAX_SHOWN = 40;

    static PreviousResult read(String option, Path file) throws IOException {
        try {
            return new PreviousResult(option, file, JsonMapper.shared().readTree(file.toFile()));
        } catch (JacksonException e) {
            throw new IOException(option + ": " + file + " is no JSON that PastKV wrote: " + e.getOriginalMessage(), e);
        }
    }

    /** Refuses a file of something else, naming what differs. */
    void requireSame(SweepSetup setup) throws IOException {
        requireSame("model.digest", setup.model().at("/digest"));
        requireSame("model.arithmetic", setup.model().at("/arithmetic"));
        requireSame("metric", json.path("metric").asString("").equals(setup.metric()), setup.metric());
        for (String name : setup.setup().propertyNames()) {
            requireSame("setup." + name, setup.setup().get(name));
        }
    }

    private void requireSame(String field, JsonNode expected) throws IOException {
        requireSame(field, json.at("/" + field.replace('.', '/')).equals(expected), expected.toString());
    }

    private void requireSame(String field, boolean isSame, String expected) throws IOException {
        if (!isSame) {
            throw refusal("was made with another " + field + ": "
                    + abbreviated(json.at("/" + field.replace('.', '/')).toString()) + " there, "
                    + abbreviated(expected) + " here");
        }
    }

    private static String abbreviated(String text) {
        return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "...";
    }

    IOException refusal(String problem) {
        return new IOException(option + ": " + file + " " + problem);
    }

    /** NaN and infinities are texts. */
    double number(JsonNode value, String where) throws IOException {
        try {
            return value.isNumber() ? value.doubleValue() : Double.parseDouble(value.asString());
        } catch (NumberFormatException e) {
            throw refusal("has '" + value.asString() + "' for a number of " + where);
        }
    }
}
