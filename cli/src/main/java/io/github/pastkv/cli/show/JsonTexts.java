package io.github.pastkv.cli.show;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** JSON files with lists of texts or of token ids. */
final class JsonTexts {
    private JsonTexts() {}

    /** A list of texts. */
    static List<String> read(Path file) throws IOException {
        List<String> texts = new ArrayList<>();
        for (JsonNode element : list(file)) {
            if (!element.isString()) {
                throw new IOException(file + ": element " + texts.size() + " is not a string; give a list of strings");
            }
            texts.add(element.stringValue());
        }
        return texts;
    }

    /** A list of lists of ids. */
    static List<int[]> readIds(Path file) throws IOException {
        List<int[]> rows = new ArrayList<>();
        for (JsonNode element : list(file)) {
            boolean isRow = element.isArray()
                    && IntStream.range(0, element.size()).allMatch(i -> element.get(i).canConvertToInt());
            if (!isRow) {
                throw new IOException(
                        file + ": element " + rows.size() + " is not a list of ids; give a list of such lists");
            }
            rows.add(IntStream.range(0, element.size()).map(i -> element.get(i).intValue()).toArray());
        }
        return rows;
    }

    private static JsonNode list(Path file) throws IOException {
        JsonNode root;
        try {
            root = JsonMapper.shared().readTree(Files.readAllBytes(file));
        } catch (JacksonException e) {
            throw new IOException(file + ": not JSON: " + e.getOriginalMessage(), e);
        }
        if (!root.isArray()) {
            throw new IOException(file + ": must hold a JSON list");
        }
        return root;
    }
}
