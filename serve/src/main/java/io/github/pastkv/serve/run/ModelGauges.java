package io.github.pastkv.serve.run;

import io.github.pastkv.model.engine.EngineStats;
import io.github.pastkv.store.TierUse;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** The metrics of models that are read when they are asked for: those of the queue, the cache, the engine and tiers. */
final class ModelGauges {
    /** The label that has the name of a model. */
    static final String MODEL = "model_name";

    private static final int LONGEST_PASS = 14; // binary logarithm of the largest bucket: 16,384 tokens

    private final PrometheusRegistry registry;
    private final List<ServedModel> models;

    ModelGauges(PrometheusRegistry registry, List<ServedModel> models) {
        this.registry = registry;
        this.models = models;
    }

    /** Registers all of them, with the numbers of prompts of a model that run and that wait. */
    void register(ToDoubleFunction<ServedModel> numRunning, ToDoubleFunction<ServedModel> numWaiting) {
        gauge("pastkv_requests_running", "vllm:num_requests_running", "Prompts that run.", numRunning);
        gauge("pastkv_requests_waiting", "vllm:num_requests_waiting", "Prompts that wait.", numWaiting);
        gauge("pastkv_kv_cache_usage_ratio", "vllm:kv_cache_usage_perc",
                "Bytes of the cache that running requests hold, of its limit; 1 is all of it.",
                model -> (double) model.pool().heldBytes() / model.pool().config().maxPoolBytes());
        gauge("pastkv_kv_cached_bytes", null, "Bytes of cached prefixes that nobody holds.",
                model -> model.pool().cachedBytes());
        gauge("pastkv_kv_shared_bytes", null, "Bytes of the cache that several running requests hold.",
                model -> model.pool().sharedBytes());
        gauge("pastkv_kv_pool_bytes", null, "Bytes of memory that the cache has taken.",
                model -> model.pool().poolBytes());
        callback("pastkv_preemptions", "Generations that gave up their memory and were recomputed.",
                model -> model.model().engineStats().numPreemptions());
        callback("vllm:num_preemptions", "Generations that gave up their memory and were recomputed.",
                model -> model.model().engineStats().numPreemptions());
        callback("pastkv_engine_passes", "Forward passes.", model -> model.model().engineStats().numPasses());
        callback("pastkv_engine_tokens", "Tokens computed.", model -> model.model().engineStats().numTokens());
        callback("pastkv_prefix_blocks_evicted", "Blocks evicted from the prefix cache.",
                model -> model.prefixStats().numEvicted());
        registry.register(() -> passSizes("pastkv_engine_pass_tokens"));
        registry.register(() -> passSizes("vllm:iteration_tokens_total"));
        cacheConfig("pastkv_cache_config_info");
        cacheConfig("vllm:cache_config_info");
        tiers("pastkv_tier_loaded_tokens", "Tokens loaded from a cache tier.", TierUse::numTokensLoaded);
        tiers("pastkv_tier_written_chunks", "Chunks that a cache tier has taken.", TierUse::numChunksTaken);
        tiers("pastkv_tier_dropped_chunks", "Chunks that a cache tier has not taken.", TierUse::numChunksDropped);
        tiers("pastkv_tier_refused_chunks", "Damaged chunks of a cache tier.", TierUse::numChunksRefused);
    }

    /** How many tokens forward passes had, as a histogram. */
    private MetricSnapshot passSizes(String name) {
        HistogramSnapshot.Builder builder = HistogramSnapshot.builder().name(name).help("Tokens of a forward pass.");
        for (ServedModel model : models) {
            EngineStats stats = model.model().engineStats();
            ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
            long rest = stats.numPasses();
            for (int i = 0; i <= LONGEST_PASS; i++) {
                buckets.bucket(1 << i, stats.passesBySize().get(i));
                rest -= stats.passesBySize().get(i);
            }
            builder.dataPoint(HistogramSnapshot.HistogramDataPointSnapshot.builder()
                    .labels(Labels.of(MODEL, model.name())).sum((double) stats.numTokens())
                    .classicHistogramBuckets(buckets.bucket(Double.POSITIVE_INFINITY, rest).build()).build());
        }
        return builder.build();
    }

    /** The size of the cache, as labels. "num_gpu_blocks" is vLLM's name of the blocks that there is memory for. */
    private void cacheConfig(String name) {
        GaugeWithCallback.builder().name(name).help("The cache, as labels.")
                .labelNames(MODEL, "block_size", "num_gpu_blocks", "kv_cache_size_tokens", "kv_cache_memory_bytes",
                        "enable_prefix_caching")
                .callback(callback -> models.forEach(model -> callback.call(1, model.name(),
                        Integer.toString(model.blockSize()),
                        Long.toString(model.pool().config().maxPoolBytes() / model.blockBytes()),
                        Long.toString(model.numPoolTokens()), Long.toString(model.pool().config().maxPoolBytes()),
                        "True")))
                .register(registry);
    }

    private void tiers(String name, String help, ToDoubleFunction<TierUse> value) {
        CounterWithCallback.builder().name(name).help(help).labelNames(MODEL, "tier").callback(
                callback -> models.forEach(model -> model.model().tierUses().forEach(
                        tier -> callback.call(value.applyAsDouble(tier), model.name(), tier.name()))))
                .register(registry);
    }

    private void gauge(String name, @Nullable String alias, String help, ToDoubleFunction<ServedModel> value) {
        for (String each : alias == null ? List.of(name) : List.of(name, alias)) {
            GaugeWithCallback.builder().name(each).help(help).labelNames(MODEL).callback(
                    callback -> models.forEach(model -> callback.call(value.applyAsDouble(model), model.name())))
                    .register(registry);
        }
    }

    private void callback(String name, String help, ToDoubleFunction<ServedModel> value) {
        CounterWithCallback.builder().name(name).help(help).labelNames(MODEL).callback(
                callback -> models.forEach(model -> callback.call(value.applyAsDouble(model), model.name())))
                .register(registry);
    }
}
