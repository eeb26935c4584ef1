package io.github.pastkv.model.tokenizer;

import io.github.pastkv.model.TestFiles;
import java.io.IOException;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A tokenizer of the golden set with its expected encodings. */
record GoldenTokenizer(TextTokenizer tokenizer, JsonNode truth) implements AutoCloseable {
    private static final JsonMapper MAPPER = new JsonMapper();

    static GoldenTokenizer open(String name) throws IOException {
        JsonNode truth = MAPPER.readTree(TestFiles.resource("tokenizer/" + name + "/encodings.json"));
        return new GoldenTokenizer(TextTokenizer.open(TestFiles.resource("tokenizer/" + name + "/tokenizer.json")),
                truth);
    }

    static int[] ints(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).mapToInt(JsonNode::intValue).toArray();
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
