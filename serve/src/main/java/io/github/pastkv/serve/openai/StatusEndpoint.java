package io.github.pastkv.serve.openai;

import io.github.pastkv.cache.prefix.PrefixStats;
import io.github.pastkv.model.engine.EngineStats;
import io.github.pastkv.serve.http.Endpoint;
import io.github.pastkv.serve.http.Exchange;
import io.github.pastkv.serve.http.KeyHolder;
import io.github.pastkv.serve.run.PromptTree;
import io.github.pastkv.serve.run.RecentPrompt;
import io.github.pastkv.serve.run.RequestQueue;
import io.github.pastkv.serve.run.RunStatus;
import io.github.pastkv.serve.run.ServedModel;
import io.github.pastkv.store.TierUse;
import java.io.IOException;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code GET /v1/status}: what the live page shows. A tenant sees its own requests, and an operator those of
 * all, but the text of its own prompts only.
 */
public final class StatusEndpoint implements Endpoint {
    private static final int MAX_NODE_TOKENS = 40; // whose text is shown

    private final Models models;
    private final RequestQueue queue;

    public StatusEndpoint(Models models, RequestQueue queue) {
        this.models = models;
        this.queue = queue;
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        ObjectNode json = JsonMapper.shared().createObjectNode().put("time", System.nanoTime() * 1e-9);
        ArrayNode list = json.putArray("models");
        models.list().forEach(model -> list.add(toJson(model, exchange.caller())));
        exchange.send(200, json);
    }

    private ObjectNode toJson(ServedModel model, KeyHolder reader) {
        ObjectNode json = JsonMapper.shared().createObjectNode().put("name", model.name())
                .put("context_length", model.contextLength()).put("running", queue.numRunning(model.name()))
                .put("waiting", queue.numWaiting(model.name()))
                .put("generated_tokens", queue.numGeneratedTokens(model.name()));
        new PoolJson(model, reader).putInto(json.putObject("pool"));
        putStats(json, model.prefixStats(), model.model().engineStats());
        ArrayNode tiers = json.putArray("tiers");
        model.model().tierUses().forEach(tier -> tiers.add(toJson(tier)));
        ArrayNode requests = json.putArray("requests");
        queue.status().stream().filter(run -> run.model().equals(model.name()))
                .filter(run -> reader.isOperator() || run.tenant().equals(reader.tenant()))
                .forEach(run -> requests.add(toJson(run)));
        ArrayNode recent = json.putArray("recent_prompts");
        List<RecentPrompt> prompts = queue.recentPrompts().stream()
                .filter(prompt -> prompt.model().equals(model.name()) && prompt.tenant().equals(reader.tenant()))
                .toList();
        prompts.forEach(prompt -> recent.add(toJson(model, prompt)));
        putNodes(json.putArray("prompt_tree"), model, PromptTree.of(prompts));
        return json;
    }

    private static void putNodes(ArrayNode list, ServedModel model, List<PromptTree.Node> nodes) {
        for (PromptTree.Node node : nodes) {
            int[] ids = node.tokenIds().stream().limit(MAX_NODE_TOKENS).mapToInt(Integer::intValue).toArray();
            ObjectNode json = list.addObject().put("from", node.from()).put("tokens", node.tokenIds().size())
                    .put("prompts", node.numPrompts()).put("hits", node.numHits())
                    .put("text", model.tokenizer().decode(ids, false));
            putNodes(json.putArray("children"), model, node.children());
        }
    }

    private static void putStats(ObjectNode json, PrefixStats prefix, EngineStats engine) {
        json.putObject("prefix").put("tokens_asked", prefix.numTokensAsked()).put("tokens_reused",
                prefix.numTokensReused()).put("blocks", prefix.numBlocks()).put("evicted", prefix.numEvicted());
        json.putObject("engine").put("passes", engine.numPasses()).put("tokens", engine.numTokens())
                .put("preemptions", engine.numPreemptions());
    }

    private static ObjectNode toJson(TierUse tier) {
        return JsonMapper.shared().createObjectNode().put("name", tier.name()).put("chunks", tier.stats().numChunks())
                .put("bytes", tier.stats().bytes()).put("limit_bytes", tier.stats().maxBytes())
                .put("tokens_loaded", tier.numTokensLoaded()).put("bytes_loaded", tier.numBytesLoaded())
                .put("load_seconds", tier.loadNanos() * 1e-9).put("chunks_taken", tier.numChunksTaken())
                .put("chunks_dropped", tier.numChunksDropped()).put("chunks_refused", tier.numChunksRefused());
    }

    private static ObjectNode toJson(RunStatus run) {
        return JsonMapper.shared().createObjectNode().put("state", run.isRunning() ? "running" : "waiting")
                .put("tenant", run.tenant()).put("prompt_tokens", run.numPromptTokens())
                .put("generated_tokens", run.numTokens())
                .put("first_token_seconds", run.firstTokenSeconds()).put("age_seconds", run.ageSeconds());
    }

    private static ObjectNode toJson(ServedModel model, RecentPrompt prompt) {
        return JsonMapper.shared().createObjectNode().put("prompt_tokens", prompt.explanation().numTokens())
                .put("cached_tokens", prompt.explanation().numReused())
                .put("reason", new ExplanationJson(model).reason(prompt.explanation()));
    }
}
