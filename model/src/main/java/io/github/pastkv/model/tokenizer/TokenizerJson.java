package io.github.pastkv.model.tokenizer;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A {@code tokenizer.json} that is rewritten into variants of the same tokenizer: one that no longer recognizes some
 * added tokens, and one that no longer puts a space before a text. Ids stay what they are.
 */
final class TokenizerJson {
    private static final JsonMapper MAPPER = new JsonMapper();

    private final ObjectNode root;

    TokenizerJson(byte[] json) {
        this.root = (ObjectNode) MAPPER.readTree(json);
    }

    /** The file as it now is. */
    String text() {
        return root.toString();
    }

    /**
     * Gives added tokens another spelling, which no text contains by chance. Where the model itself might find one as a
     * whole (a piece, or a word of BPE with {@code ignore_merges}) the old spelling goes; elsewhere it stays beside the
     * new one, as merges may name it.
     *
     * @return the new spellings by the old ones
     */
    Map<String, String> respell(List<String> tokens) {
        Map<String, String> spellings = new HashMap<>();
        tokens.forEach(token -> spellings.put(token, "token-" + UUID.randomUUID()));
        for (JsonNode token : root.path("added_tokens")) {
            String content = token.path("content").asString();
            ((ObjectNode) token).put("content", spellings.getOrDefault(content, content));
        }
        if (!spellings.isEmpty() && root.path("model") instanceof ObjectNode model) {
            respellVocabulary(model, spellings);
            pinIds(model);
        }
        return spellings;
    }

    /**
     * Puts added tokens into the model's vocabulary: the library looks there for their ids first, and otherwise numbers
     * them from the vocabulary's size on, which the respelled ones have changed.
     */
    private void pinIds(ObjectNode model) {
        if (model.path("vocab") instanceof ObjectNode vocab) {
            root.path("added_tokens").forEach(token -> vocab.set(token.path("content").asString(), token.path("id")));
        }
    }

    private static void respellVocabulary(ObjectNode model, Map<String, String> spellings) {
        boolean instead = !model.path("type").asString("BPE").equals("BPE")
                || model.path("ignore_merges").asBoolean(false);
        JsonNode vocab = model.path("vocab");
        if (vocab.isArray()) {
            for (JsonNode piece : vocab) {
                String content = piece.path(0).asString();
                ((ArrayNode) piece).set(0, spellings.getOrDefault(content, content));
            }
        } else {
            ObjectNode respelled = model.objectNode();
            vocab.properties().forEach(token -> {
                respelled.set(spellings.getOrDefault(token.getKey(), token.getKey()), token.getValue());
                if (!instead) {
                    respelled.set(token.getKey(), token.getValue());
                }
            });
            model.set("vocab", respelled);
        }
        if (instead && model.path("unk_token").isString()) {
            String unknown = model.path("unk_token").asString();
            model.put("unk_token", spellings.getOrDefault(unknown, unknown));
        }
    }

    /**
     * Takes out whatever puts a space before a text: the normalizer {@code Prepend}, and the prefix of pre-tokenizers.
     */
    void removePrefix() {
        removePrefix(root, "normalizer", "normalizers");
        removePrefix(root, "pre_tokenizer", "pretokenizers");
    }

    private static void removePrefix(ObjectNode parent, String key, String sequenceKey) {
        if (!(parent.path(key) instanceof ObjectNode step)) {
            return;
        }
        if (step.path("type").asString("").equals("Prepend")) {
            parent.putNull(key);
        } else if (step.path(sequenceKey) instanceof ArrayNode steps) {
            steps.removeIf(one -> one.path("type").asString("").equals("Prepend"));
            steps.forEach(one -> turnOffPrefix((ObjectNode) one));
        } else {
            turnOffPrefix(step);
        }
    }

    private static void turnOffPrefix(ObjectNode step) {
        if (step.has("add_prefix_space")) {
            step.put("add_prefix_space", false);
        }
        if (step.path("type").asString("").equals("Metaspace")) {
            step.put("prepend_scheme", "never");
        }
    }
}
