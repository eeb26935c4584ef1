package io.github.pastkv.lens.sweep;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.StringNode;

/**
 * A result file of an earlier run.
 *
 * @param what what messages call the file
 */
record PreviousResult(String what, JsonNode json) {
    private static final int MAX_SHOWN = 40;

    /** @param option the option that named the file, for messages */
    static PreviousResult read(String option, Path file) throws IOException {
        String what = option + ": " + file;
        try {
            return new PreviousResult(what, JsonMapper.shared().readTree(file.toFile()));
        } catch (JacksonException e) {
            throw new IOException(what + " is no JSON that PastKV wrote: " + e.getOriginalMessage(), e);
        }
    }

    /** Rejects a file with another setup, naming the first field that differs and both values. */
    void requireSame(SweepSetup setup) throws IOException {
        List<String> differences = differences(setup);
        if (!differences.isEmpty()) {
            throw refusal("was made with another " + differences.getFirst());
        }
    }

    /** Each field that differs, with both values; empty for the same setup. */
    List<String> differences(SweepSetup setup) {
        List<String> differences = new ArrayList<>();
        for (String field : List.of("digest", "arithmetic")) {
            compare("model." + field, json.path("model").path(field), setup.model().path(field), differences);
        }
        compare("metric", json.path("metric"), StringNode.valueOf(setup.metric()), differences);
        compare("setup", json.path("setup"), setup.setup(), differences);
        return differences;
    }

    private static void compare(String path, JsonNode theirs, JsonNode ours, List<String> differences) {
        if (theirs.equals(ours)) {
            return;
        }
        if (theirs.isObject() && ours.isObject()) {
            Set<String> names = new TreeSet<>(theirs.propertyNames());
            names.addAll(ours.propertyNames());
            names.forEach(name -> compare(path + "." + name, theirs.path(name), ours.path(name), differences));
        } else if (theirs.isArray() && ours.isArray() && theirs.size() == ours.size()) {
            for (int i = 0; i < theirs.size(); i++) {
                compare(path + "." + i, theirs.get(i), ours.get(i), differences);
            }
        } else {
            differences.add(path + ": " + shown(theirs) + " there, " + shown(ours) + " here");
        }
    }

    private static String shown(JsonNode value) {
        if (value.isArray()) {
            return value.size() + " entries";
        }
        String text = value.isMissingNode() ? "none" : value.toString();
        return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "...";
    }

    IOException refusal(String problem) {
        return new IOException(what + " " + problem);
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
