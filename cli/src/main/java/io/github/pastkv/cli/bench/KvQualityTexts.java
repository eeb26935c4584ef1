package io.github.pastkv.cli.bench;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import io.github.pastkv.tinymodel.HeldOut;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Texts to compare storage types on, as token ids. */
final class KvQualityTexts {
    private KvQualityTexts() {}

    /** Stories that the shipped model was not trained on. */
    static List<int[]> heldOut() throws IOException {
        try (InputStream stream = HeldOut.TEXT.open()) {
            return StreamSupport.stream(JsonMapper.shared().readTree(stream).required("documents").spliterator(), false)
                    .map(document -> ids(document.required("tokens"))).toList();
        }
    }

    private static int[] ids(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).mapToInt(JsonNode::asInt).toArray();
    }

    /** A file's text. */
    static List<int[]> ofFile(Path file, Model model) throws IOException {
        TextTokenizer tokenizer = model.tokenizer().orElseThrow(() -> new IllegalStateException(
                model.folder() + ": has no tokenizer.json, so give token ids with --tokens"));
        return List.of(tokenizer.encode(Files.readString(file), true));
    }

    /** The first {@code maxTokens} tokens, in texts of at most {@code maxLength}. */
    static List<int[]> cut(List<int[]> texts, int maxTokens, int maxLength) {
        List<int[]> cut = new ArrayList<>();
        int numLeft = maxTokens;
        for (int[] text : texts) {
            for (int from = 0; from < text.length && numLeft > 0; from += maxLength) {
                int length = Math.min(Math.min(maxLength, text.length - from), numLeft);
                cut.add(Arrays.copyOfRange(text, from, from + length));
                numLeft -= length;
            }
        }
        return cut;
    }
}
