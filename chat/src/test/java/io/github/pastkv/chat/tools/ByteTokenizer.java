package io.github.pastkv.chat.tools;

import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A tokenizer with a token for each byte and a few longer ones, and control tokens. */
final class ByteTokenizer {
    private static final List<String> LONGER = List.of("{\"", "\":\u0120", "\"}", "\u010a{\"", "}\u010a", "name");

    private ByteTokenizer() {}

    /** @param special which of the control tokens are special, and are no part of texts */
    static TextTokenizer in(Path folder, List<String> special, List<String> tags) throws IOException {
        ObjectNode json = JsonMapper.shared().createObjectNode().put("version", "1.0");
        ObjectNode vocabulary = JsonMapper.shared().createObjectNode();
        for (int value = 0; value < 256; value++) {
            vocabulary.put(Character.toString(visible(value)), value);
        }
        LONGER.forEach(token -> vocabulary.put(token, vocabulary.size()));
        ArrayNode added = json.putArray("added_tokens");
        special.forEach(token -> add(added, token, vocabulary.size() + added.size(), true));
        tags.forEach(token -> add(added, token, vocabulary.size() + added.size(), false));
        json.putObject("pre_tokenizer").put("type", "ByteLevel").put("add_prefix_space", false)
                .put("trim_offsets", true).put("use_regex", true);
        json.putObject("decoder").put("type", "ByteLevel").put("add_prefix_space", true).put("trim_offsets", true)
                .put("use_regex", true);
        ObjectNode model = json.putObject("model").put("type", "BPE");
        model.set("vocab", vocabulary);
        model.putArray("merges");
        return TextTokenizer.open(Files.writeString(folder.resolve("tokenizer.json"), json.toString()));
    }

    private static void add(ArrayNode added, String token, int id, boolean isSpecial) {
        added.addObject().put("id", id).put("content", token).put("single_word", false).put("lstrip", false)
                .put("rstrip", false).put("normalized", false).put("special", isSpecial);
    }

    /** GPT-2's visible character of a byte. */
    private static int visible(int value) {
        boolean isVisible = (value >= '!' && value <= '~') || (value >= 0xA1 && value <= 0xAC) || value >= 0xAE;
        if (isVisible) {
            return value;
        }
        int rank = 0;
        for (int other = 0; other < value; other++) {
            rank += (other >= '!' && other <= '~') || (other >= 0xA1 && other <= 0xAC) || other >= 0xAE ? 0 : 1;
        }
        return 256 + rank;
    }
}
