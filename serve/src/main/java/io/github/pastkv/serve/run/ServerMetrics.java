package io.github.pastkv.serve.run;

import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.store.TierUse;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of a server, in Prometheus' text format: {@code pastkv_*}, and the same under the names of vLLM
 * ({@code vllm:*}) that dashboards know. Safe for any number of threads.
 */
public final class ServerMetrics {
    /** The type of {@link #text}. */
    public static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

    private static final String MODEL = "model_name";
    private static final double[] SECONDS = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
        60, 120, 300};
    private static final double[] TOKENS = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000,
        50_000, 100_000};

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final List<Counter> finished = List.of(
            counter("pastkv_requests_finished", "Answers that have ended, by reason.", MODEL, "finished_reason"),
            counter("vllm:request_success", "Answers that have ended, by reason.", MODEL, "finished_reason"));
    private final Counter refused =
            counter("pastkv_requests_refused", "Requests refused as the queue was full.", MODEL);
    private final Counter failed = counter("pastkv_requests_failed", "Prompts whose generation failed.", MODEL);
    private final List<Counter> promptTokens = counters("prompt_tokens", "Tokens of prompts, cached ones included.");
    private final List<Counter> generatedTokens = counters("generation_tokens", "Tokens generated.");
    private final List<Counter> askedTokens =
            counters("prefix_cache_queries", "Tokens of prompts that were looked for in the prefix cache.");
    private final List<Counter> reusedTokens =
            counters("prefix_cache_hits", "Tokens of prompts found in the prefix cache.");
    private final List<Histogram> firstToken =
            histograms("time_to_first_token_seconds", "From arrival to the first token.", SECONDS);
    private final List<Histogram> betweenTokens =
            histograms("inter_token_latency_seconds", "From one token to the next.", SECONDS);
    private final List<Histogram> total =
            histograms("e2e_request_latency_seconds", "From arrival to the end.", SECONDS);
    private final List<Histogram> queued =
            histograms("request_queue_time_seconds", "From arrival to the start.", SECONDS);
    private final List<Histogram> prefill =
            histograms("request_prefill_time_seconds", "From the start to the first token.", SECONDS);
    private final List<Histogram> decode =
            histograms("request_decode_time_seconds", "From the first token to the last.", SECONDS);
    private final List<Histogram> promptLength = histograms("request_prompt_tokens", "Tokens of a prompt.", TOKENS);
    private final List<Histogram> answerLength =
            histograms("request_generation_tokens", "Tokens generated after a prompt.", TOKENS);
    private final List<Histogram> longestAnswer = histograms("request_max_num_generation_tokens",
            "Tokens of the longest answer to a prompt.", TOKENS);

    /** Metrics that nothing has been added to. */
    public ServerMetrics() {}

    private Counter counter(String name, String help, String... labels) {
        return Counter.builder().name(name).help(help).labelNames(labels).register(registry);
    }

    private List<Counter> counters(String name, String help) {
        return List.of(counter("pastkv_" + name, help, MODEL), counter("vllm:" + name, help, MODEL));
    }

    private List<Histogram> histograms(String name, String help, double[] bounds) {
        return List.of(histogram("pastkv_" + name, help, bounds), histogram("vllm:" + name, help, bounds));
    }

    private Histogram histogram(String name, String help, double[] bounds) {
        return Histogram.builder().name(name).help(help).labelNames(MODEL).classicOnly().classicUpperBounds(bounds)
                .register(registry);
    }

    /** Adds what is read when the metrics are asked for. */
    public void observe(RequestQueue queue, List<ServedModel> models) {
        gauge(models, "pastkv_requests_running", "vllm:num_requests_running", "Prompts that run.",
                model -> queue.numRunning(model.name()));
        gauge(models, "pastkv_requests_waiting", "vllm:num_requests_waiting", "Prompts that wait.",
                model -> queue.numWaiting(model.name()));
        gauge(models, "pastkv_kv_cache_usage_ratio", "vllm:kv_cache_usage_perc",
                "Bytes of the cache that running requests hold, of its limit; 1 is all of it.",
                model -> (double) heldBytes(model) / model.pool().config().maxPoolBytes());
        gauge(models, "pastkv_kv_cached_bytes", null, "Bytes of cached prefixes that nobody holds.",
                model -> model.pool().cachedBytes());
        gauge(models, "pastkv_kv_shared_bytes", null, "Bytes of the cache that several running requests hold.",
                model -> model.pool().sharedBytes());
        gauge(models, "pastkv_kv_pool_bytes", null, "Bytes of memory that the cache has taken.",
                model -> model.pool().poolBytes());
        callback(models, "pastkv_preemptions", "Generations that gave up their memory and were recomputed.",
                model -> model.model().engineStats().numPreemptions());
        callback(models, "vllm:num_preemptions", "Generations that gave up their memory and were recomputed.",
                model -> model.model().engineStats().numPreemptions());
        callback(models, "pastkv_engine_passes", "Forward passes.", model -> model.model().engineStats().numPasses());
        callback(models, "pastkv_engine_tokens", "Tokens computed.", model -> model.model().engineStats().numTokens());
        callback(models, "pastkv_prefix_blocks_evicted", "Blocks evicted from the prefix cache.",
                model -> model.prefixStats().numEvicted());
        tiers(models, "pastkv_tier_loaded_tokens", "Tokens loaded from a cache tier.", TierUse::numTokensLoaded);
        tiers(models, "pastkv_tier_written_chunks", "Chunks that a cache tier has taken.", TierUse::numChunksTaken);
        tiers(models, "pastkv_tier_dropped_chunks", "Chunks that a cache tier has not taken.",
                TierUse::numChunksDropped);
        tiers(models, "pastkv_tier_refused_chunks", "Damaged chunks of a cache tier.", TierUse::numChunksRefused);
    }

    private void tiers(List<ServedModel> models, String name, String help, ToDoubleFunction<TierUse> value) {
        CounterWithCallback.builder().name(name).help(help).labelNames(MODEL, "tier").callback(
                callback -> models.forEach(model -> model.model().tierUses().forEach(
                        tier -> callback.call(value.applyAsDouble(tier), model.name(), tier.name()))))
                .register(registry);
    }

    private static long heldBytes(ServedModel model) {
        return model.pool().heldBytes();
    }

    private void gauge(List<ServedModel> models, String name, @Nullable String alias, String help,
            ToDoubleFunction<ServedModel> value) {
        for (String each : alias == null ? List.of(name) : List.of(name, alias)) {
            GaugeWithCallback.builder().name(each).help(help).labelNames(MODEL).callback(
                    callback -> models.forEach(model -> callback.call(value.applyAsDouble(model), model.name())))
                    .register(registry);
        }
    }

    private void callback(List<ServedModel> models, String name, String help, ToDoubleFunction<ServedModel> value) {
        CounterWithCallback.builder().name(name).help(help).labelNames(MODEL).callback(
                callback -> models.forEach(model -> callback.call(value.applyAsDouble(model), model.name())))
                .register(registry);
    }

    void refused(String model) {
        refused.labelValues(model).inc();
    }

    void failed(String model) {
        failed.labelValues(model).inc();
    }

    /** Counts the run of a prompt. */
    void ended(String model, RunOutcome outcome) {
        RunTimes times = outcome.times();
        add(promptTokens, model, outcome.numPromptTokens());
        add(askedTokens, model, outcome.numPromptTokens());
        add(reusedTokens, model, outcome.numReusedTokens());
        add(generatedTokens, model, outcome.numTokens());
        List<String> reasons = outcome.reasons().isEmpty()
                ? List.of("abort")
                : outcome.reasons().stream().map(ServerMetrics::reason).toList();
        reasons.forEach(reason -> finished.forEach(counter -> counter.labelValues(model, reason).inc()));
        observe(queued, model, times.queueSeconds());
        observe(total, model, times.totalSeconds());
        observe(promptLength, model, outcome.numPromptTokens());
        observe(answerLength, model, outcome.numTokens());
        observe(longestAnswer, model, outcome.numLongestTokens());
        if (times.hasToken()) {
            observe(firstToken, model, times.firstTokenSeconds());
            observe(prefill, model, times.prefillSeconds());
            observe(decode, model, times.decodeSeconds());
        }
        times.gapSeconds().forEach(gap -> observe(betweenTokens, model, gap));
    }

    private static String reason(FinishReason reason) {
        return switch (reason) {
            case LENGTH, CONTEXT_FULL -> "length";
            case STOP_TOKEN, STOP_STRING -> "stop";
            case CANCELED -> "abort";
        };
    }

    private static void add(List<Counter> counters, String model, long amount) {
        counters.forEach(counter -> counter.labelValues(model).inc(amount));
    }

    private static void observe(List<Histogram> histograms, String model, double value) {
        histograms.forEach(histogram -> histogram.labelValues(model).observe(value));
    }

    /** All of them, in Prometheus' text format. */
    public String text() {
        try (ByteArrayOutputStream out = new ByteArrayOutputStream()) {
            PrometheusTextFormatWriter.create().write(out, registry.scrape());
            return out.toString(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // not from memory
        }
    }
}
