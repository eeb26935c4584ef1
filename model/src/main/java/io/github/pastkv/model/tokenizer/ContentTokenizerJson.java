package io.github.pastkv.model.tokenizer;

import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Rewrites a {@code tokenizer.json} so that no text can spell a control token. The special tokens are taken off the
 * list that is looked for in a text; those that the model itself might find as a whole (a piece, or a word of BPE with
 * {@code ignore_merges}) get another spelling, which nobody can guess. Ids stay as they are.
 */
final class ContentTokenizerJson {
    private static final JsonMapper MAPPER = new JsonMapper();

    private final Map<String, String> newSpellings = new HashMap<>();

    private ContentTokenizerJson() {}

    static String rewrite(byte[] tokenizerJson) {
        return new ContentTokenizerJson().rewrite((ObjectNode) MAPPER.readTree(tokenizerJson));
    }

    private String rewrite(ObjectNode root) {
        ArrayNode kept = root.arrayNode();
        for (JsonNode token : root.path("added_tokens")) {
            if (token.path("special").asBoolean(false)) {
                newSpellings.put(token.path("content").asString(), "special-" + UUID.randomUUID());
            } else {
                kept.add(token);
            }
        }
        root.set("added_tokens", kept);
        if (root.path("model") instanceof ObjectNode model && findsWholeTokens(model)) {
            respell(model);
        }
        return root.toString();
    }

    private static boolean findsWholeTokens(ObjectNode model) {
        return !model.path("type").asString("BPE").equals("BPE") || model.path("ignore_merges").asBoolean(false);
    }

    private void respell(ObjectNode model) {
        JsonNode vocab = model.path("vocab");
        if (vocab.isArray()) {
            for (JsonNode piece : vocab) {
                ((ArrayNode) piece).set(0, respell(piece.path(0).asString()));
            }
        } else {
            ObjectNode respelled = model.objectNode();
            vocab.properties().forEach(token -> respelled.set(respell(token.getKey()), token.getValue()));
            model.set("vocab", respelled);
        }
        if (model.path("unk_token").isString()) {
            model.put("unk_token", respell(model.path("unk_token").asString()));
        }
    }

    private String respell(String token) {
        return newSpellings.getOrDefault(token, token);
    }
}
