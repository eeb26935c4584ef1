package io.github.pastkv.serve.openai;

import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.request.RequestFields;
import io.github.pastkv.serve.request.RequestValues;
import io.github.pastkv.serve.run.ServedModel;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Reads {@code prompt}: a text, a list of texts, token ids, or a list of those. */
final class Prompts {
    private static final int MAX_PROMPTS = 128;
    private static final int MAX_TOKENS = 1 << 24; // of one list; the context's limit comes later, with both numbers

    private Prompts() {}

    static List<int[]> read(RequestFields fields, GenerationFields common, ServedModel model) {
        boolean addsSpecial = fields.booleanOr("add_special_tokens", true);
        JsonNode prompt = fields.find("prompt").orElseThrow(() -> ApiException.badField("prompt", "is missing"));
        if (prompt.isArray() && !prompt.isEmpty() && !prompt.get(0).isNumber()) {
            RequestValues.requireArray("prompt", prompt, MAX_PROMPTS);
            List<int[]> prompts = new ArrayList<>();
            for (JsonNode each : prompt.values()) {
                prompts.add(tokens("prompt[" + prompts.size() + "]", each, common, model, addsSpecial));
            }
            return prompts;
        }
        return List.of(tokens("prompt", prompt, common, model, addsSpecial));
    }

    private static int[] tokens(String name, JsonNode prompt, GenerationFields common, ServedModel model,
            boolean addsSpecial) {
        int[] ids;
        if (prompt.isString()) {
            ids = model.tokenizer().encode(prompt.stringValue(), addsSpecial);
        } else if (prompt.isArray()) {
            RequestValues.requireArray(name, prompt, MAX_TOKENS);
            ids = prompt.valueStream().mapToInt(id -> common.tokenId(name, id)).toArray();
        } else {
            throw RequestValues.wrongType(name, "a text or a list of token ids", prompt);
        }
        if (ids.length == 0) {
            throw ApiException.badField(name, "has no token");
        }
        return ids;
    }
}
