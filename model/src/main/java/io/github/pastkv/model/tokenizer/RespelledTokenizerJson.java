package io.github.pastkv.model.tokenizer;

import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A {@code tokenizer.json} rewritten so that no text can spell a control token: each special token gets another spelling,
 * which nobody can guess, and keeps its id and its flags. Where the model itself might find it as a whole (a piece, or a
 * word of BPE with {@code ignore_merges}) the old spelling goes; elsewhere it stays beside the new one, as merges may name
 * it.
 */
final class RespelledTokenizerJson {
    private static final JsonMapper MAPPER = new JsonMapper();

    private final Map<String, String> newSpellings = new HashMap<>();
    private final String json;

    RespelledTokenizerJson(byte[] tokenizerJson) {
        this.json = rewrite((ObjectNode) MAPPER.readTree(tokenizerJson));
    }

    /** The rewritten file. */
    String json() {
        return json;
    }

    /** The new spelling of a special token, or the token itself if it is none. */
    String respell(String token) {
        return newSpellings.getOrDefault(token, token);
    }

    private String rewrite(ObjectNode root) {
        for (JsonNode token : root.path("added_tokens")) {
            if (token.path("special").asBoolean(false)) {
                String content = token.path("content").asString();
                newSpellings.put(content, "special-" + UUID.randomUUID());
                ((ObjectNode) token).put("content", respell(content));
            }
        }
        if (root.path("model") instanceof ObjectNode model) {
            respell(model, findsWholeTokens(model));
        }
        return root.toString();
    }

    private static boolean findsWholeTokens(ObjectNode model) {
        return !model.path("type").asString("BPE").equals("BPE") || model.path("ignore_merges").asBoolean(false);
    }

    private void respell(ObjectNode model, boolean instead) {
        JsonNode vocab = model.path("vocab");
        if (vocab.isArray()) {
            for (JsonNode piece : vocab) {
                ((ArrayNode) piece).set(0, respell(piece.path(0).asString()));
            }
        } else {
            ObjectNode respelled = model.objectNode();
            vocab.properties().forEach(token -> {
                respelled.set(respell(token.getKey()), token.getValue());
                if (!instead) {
                    respelled.set(token.getKey(), token.getValue());
                }
            });
            model.set("vocab", respelled);
        }
        if (instead && model.path("unk_token").isString()) {
            model.put("unk_token", respell(model.path("unk_token").asString()));
        }
    }
}
