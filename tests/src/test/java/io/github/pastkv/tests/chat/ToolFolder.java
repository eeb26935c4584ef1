package io.github.pastkv.tests.chat;

import io.github.pastkv.testkit.model.TinyModelFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Copies of the shipped model whose last tokens are the control tokens of models that call tools. */
final class ToolFolder {
    private static final List<String> SPECIAL = List.of("<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|eot_id|>",
            "<|python_tag|>", "<|start_header_id|>", "<|end_header_id|>", "[TOOL_CALLS]", "[ARGS]", "[INST]",
            "[/INST]");
    private static final List<String> TAGS = List.of("<tool_call>", "</tool_call>", "<tool_response>");
    private static final int VOCAB_SIZE = 2048;

    private ToolFolder() {}

    static Path in(Path target, String template) throws IOException {
        for (String name : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(TinyModelFolder.require().resolve(name), target.resolve(name));
        }
        Files.writeString(target.resolve("chat_template.jinja"), template);
        Files.writeString(target.resolve("tokenizer_config.json"), "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\"}");
        String tokenizer = Files.readString(TinyModelFolder.require().resolve("tokenizer.json"));
        Files.writeString(target.resolve("tokenizer.json"), tokenizer(tokenizer).toString());
        return target;
    }

    private static JsonNode tokenizer(String json) {
        ObjectNode tokenizer = (ObjectNode) JsonMapper.shared().readTree(json);
        int first = VOCAB_SIZE - SPECIAL.size() - TAGS.size();
        Set<String> removed = new HashSet<>();
        ObjectNode vocabulary = (ObjectNode) tokenizer.path("model").path("vocab");
        vocabulary.properties().stream().filter(entry -> entry.getValue().intValue() >= first)
                .forEach(entry -> removed.add(entry.getKey()));
        vocabulary.remove(removed);
        ArrayNode merges = (ArrayNode) tokenizer.path("model").path("merges");
        merges.removeIf(merge -> removed.contains(joined(merge)));
        ArrayNode added = (ArrayNode) tokenizer.path("added_tokens");
        SPECIAL.forEach(token -> add(added, token, first + added.size() - 1, true));
        TAGS.forEach(token -> add(added, token, first + added.size() - 1, false));
        return tokenizer;
    }

    private static String joined(JsonNode merge) {
        return merge.isString()
                ? merge.stringValue().replace(" ", "")
                : merge.get(0).stringValue() + merge.get(1).stringValue();
    }

    private static void add(ArrayNode added, String token, int id, boolean isSpecial) {
        added.addObject().put("id", id).put("content", token).put("single_word", false).put("lstrip", false)
                .put("rstrip", false).put("normalized", false).put("special", isSpecial);
    }
}
