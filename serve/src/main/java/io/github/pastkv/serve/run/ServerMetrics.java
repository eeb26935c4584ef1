package io.github.pastkv.serve.run;

import io.github.pastkv.model.generation.FinishReason;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The metrics of a server, in Prometheus' text format: {@code pastkv_*}, and the same under the names of vLLM
 * ({@code vllm:*}) that dashboards know. Safe for any number of threads.
 */
public final class ServerMetrics {
    /** The type of {@link #text}. */
    public static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

    private static final String MODEL = ModelGauges.MODEL;
    private static final double[] SECONDS = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
        60, 120, 300};
    private static final double[] TOKENS = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000,
        50_000, 100_000};

    private static final double[] ANSWERS = {1, 2, 5, 10, 20};

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
    private final List<Histogram> inference =
            histograms("request_inference_time_seconds", "From the start to the last token.", SECONDS);
    private final List<Histogram> meanBetweenTokens = histograms("request_time_per_output_token_seconds",
            "Mean time between the tokens of the longest answer to a prompt.", SECONDS);
    private final List<Histogram> promptLength = histograms("request_prompt_tokens", "Tokens of a prompt.", TOKENS);
    private final List<Histogram> answerLength =
            histograms("request_generation_tokens", "Tokens generated after a prompt.", TOKENS);
    private final List<Histogram> longestAnswer = histograms("request_max_num_generation_tokens",
            "Tokens of the longest answer to a prompt.", TOKENS);
    private final List<Histogram> computedLength = histograms("request_prefill_kv_computed_tokens",
            "Tokens of a prompt that were computed, not found in the cache.", TOKENS);
    private final List<Histogram> limit =
            histograms("request_params_max_tokens", "Most tokens that an answer may have.", TOKENS);
    private final List<Histogram> numAnswers =
            histograms("request_params_n", "Answers that a prompt is to have.", ANSWERS);

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
        new ModelGauges(registry, models).register(model -> queue.numRunning(model.name()),
                model -> queue.numWaiting(model.name()));
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
        observe(computedLength, model, outcome.numPromptTokens() - outcome.numReusedTokens());
        observe(limit, model, outcome.options().maxNewTokens());
        observe(numAnswers, model, outcome.options().numReturnSequences());
        if (times.hasToken()) {
            observe(firstToken, model, times.firstTokenSeconds());
            observe(prefill, model, times.prefillSeconds());
            observe(decode, model, times.decodeSeconds());
            observe(inference, model, times.inferenceSeconds());
        }
        if (outcome.numLongestTokens() > 1) {
            observe(meanBetweenTokens, model, times.decodeSeconds() / (outcome.numLongestTokens() - 1));
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
