package io.github.pastkv.serve.openai;

import io.github.pastkv.cache.prefix.PrefixExplanation;
import io.github.pastkv.cache.prefix.PrefixMissReason;
import io.github.pastkv.serve.run.ServedModel;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** What the prefix cache would give a prompt, as JSON. It tells nothing of other tenants. */
record ExplanationJson(ServedModel model) {
    ObjectNode of(PrefixExplanation explanation, int[] tokenIds) {
        ObjectNode json = JsonMapper.shared().createObjectNode().put("num_tokens", explanation.numTokens())
                .put("num_cached_tokens", explanation.numReused())
                .put("num_tokens_held_by_running_requests", explanation.numFromRunning());
        put(json, explanation.missReason());
        if (explanation.numReused() < tokenIds.length) {
            json.set("first_computed_token", token(explanation.numReused(), tokenIds[explanation.numReused()]));
        }
        return json;
    }

    /** Why not more was cached, in words. */
    String reason(PrefixExplanation explanation) {
        ObjectNode json = JsonMapper.shared().createObjectNode();
        put(json, explanation.missReason());
        String message = json.path("miss_reason").path("message").asString("");
        return json.has("cached_token")
                ? message + ": '" + json.path("asked_token").path("text").asString("") + "', not '"
                        + json.path("cached_token").path("text").asString("") + "'"
                : message;
    }

    private void put(ObjectNode json, PrefixMissReason reason) {
        switch (reason) {
            case PrefixMissReason.Whole _ -> put(json, "none", "all is cached; the last token is always computed");
            case PrefixMissReason.NeverSeen _ -> put(json, "never_seen", "no cached text goes on like this");
            case PrefixMissReason.Evicted(long millisAgo) ->
                    put(json, "evicted", "the rest was evicted " + millisAgo + " ms ago");
            case PrefixMissReason.Expired _ -> put(json, "expired", "the time to live of the rest has passed");
            case PrefixMissReason.DifferentToken(int position, int asked, int cached) -> {
                put(json, "different_token", "the nearest cached text goes on with another token");
                json.set("asked_token", token(position, asked));
                json.set("cached_token", token(position, cached));
            }
            // The label and the length of another namespace would tell of another tenant's prompts.
            case PrefixMissReason.OtherNamespace _ -> put(json, "never_seen", "no cached text goes on like this");
            case PrefixMissReason.InStore(int numThere) ->
                    put(json, "in_store", "the store has " + numThere + " tokens, which the next request loads");
            case PrefixMissReason.StorePending _ ->
                    put(json, "store_pending", "the rest is being written to the store");
            case PrefixMissReason.StoreUnavailable _ -> put(json, "store_unavailable", "the store is unavailable");
            case PrefixMissReason.StoreRefused _ -> put(json, "store_refused", "the store's block was discarded");
            case PrefixMissReason.OutsideWindow(int numThere) -> put(json, "outside_window",
                    numThere + " tokens agree, but layers with a sliding window have freed some of their blocks");
        }
    }

    private static void put(ObjectNode json, String code, String text) {
        json.putObject("miss_reason").put("code", code).put("message", text);
    }

    private ObjectNode token(int position, int id) {
        return JsonMapper.shared().createObjectNode().put("position", position).put("id", id).put("text",
                model.tokenizer().continuationText(id));
    }
}
