package io.github.pastkv.spark;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.sampling.SamplingOptions;
import java.io.Serializable;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A model and what is done with it, as data that Spark sends to its executors. Options are texts by name; each is
 * honored, or refused by name when the object is made. {@code docs/spark.md} lists them. Immutable.
 *
 * @param model path of the model's folder or GGUF file on every executor, or {@code files:NAME} for one that
 *        {@code SparkContext.addFile} distributes
 * @param values options by name
 */
public record PastKvOptions(String model, Map<String, String> values) implements Serializable {
    private static final long serialVersionUID = 1;
    private static final Set<String> GENERATION_NAMES = Set.of("max_new_tokens", "temperature", "top_k", "top_p",
            "min_p", "repetition_penalty", "seed", "stop_strings", "ignore_eos");
    private static final Set<String> SESSION_NAMES = Set.of("kv_type", "block_size", "max_seq_len", "pool_bytes");
    private static final Set<String> MODEL_NAMES =
            Set.of("kernels", "compute", "weights", "threads", "batch_tokens", "cache_bytes", "cache_tiers");
    private static final Set<String> TASK_NAMES = Set.of("max_running", "memory_limit", "identity");

    private static final int DEFAULT_MAX_RUNNING = 16;
    private static final int MAX_RUNNING = 4096;

    public PastKvOptions {
        if (model.isEmpty()) {
            throw new IllegalArgumentException("model: is empty, must be a folder or file");
        }
        values = Map.copyOf(values);
        requireKnown(values.keySet());
        toModelOptions(values);
        toSessionOptions(values);
        toGenerationOptions(values);
        OptionValues task = new OptionValues(values);
        task.integer("max_running", DEFAULT_MAX_RUNNING, 1, MAX_RUNNING);
        task.bytes("memory_limit", Long.MAX_VALUE);
    }

    /** The options of a model, all at their defaults. */
    public static PastKvOptions of(String model) {
        return new PastKvOptions(model, Map.of());
    }

    /**
     * Reads options from a JSON object, whose values are texts, numbers, booleans or lists of texts.
     *
     * @throws IllegalArgumentException for anything else, naming the option
     */
    public static PastKvOptions fromJson(String model, String json) {
        JsonNode object;
        try {
            object = JsonMapper.shared().readTree(json);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("options: no JSON: " + e.getOriginalMessage(), e);
        }
        if (!object.isObject()) {
            throw new IllegalArgumentException("options: " + json + ", must be a JSON object");
        }
        Map<String, String> values = new HashMap<>();
        object.forEachEntry((name, value) -> values.put(name,
                value.isString() ? value.stringValue() : value.toString()));
        return new PastKvOptions(model, values);
    }

    /** The options as a JSON object of texts, which {@link #fromJson} reads. */
    public String toJson() {
        return JsonMapper.shared().writeValueAsString(new TreeMap<>(values));
    }

    /**
     * The same with another option.
     *
     * @param value a text, a number, a boolean, or a collection of texts
     */
    public PastKvOptions with(String name, Object value) {
        return with(Map.of(name, text(value)));
    }

    /** The same with other options. */
    public PastKvOptions with(Map<String, String> newValues) {
        Map<String, String> all = new HashMap<>(values);
        all.putAll(newValues);
        return new PastKvOptions(model, all);
    }

    private static String text(Object value) {
        return value instanceof Collection<?> || value instanceof Object[]
                ? JsonMapper.shared().writeValueAsString(value)
                : value.toString();
    }

    private static void requireKnown(Set<String> names) {
        Set<String> known = new TreeSet<>();
        known.addAll(GENERATION_NAMES);
        known.addAll(SESSION_NAMES);
        known.addAll(MODEL_NAMES);
        known.addAll(TASK_NAMES);
        for (String name : names) {
            if (!known.contains(name)) {
                throw new IllegalArgumentException("options: " + name + " is unknown, must be one of " + known);
            }
        }
    }

    /** What decides which model is loaded: equal keys share one. */
    PastKvOptions modelKey() {
        return new PastKvOptions(model, values.entrySet().stream()
                .filter(value -> MODEL_NAMES.contains(value.getKey()))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
    }

    ModelOptions toModelOptions() {
        return toModelOptions(values);
    }

    SessionOptions toSessionOptions() {
        return toSessionOptions(values);
    }

    GenerationOptions toGenerationOptions() {
        return toGenerationOptions(values);
    }

    /** Rows that a task generates for at once. */
    int maxRunning() {
        return new OptionValues(values).integer("max_running", DEFAULT_MAX_RUNNING, 1, MAX_RUNNING);
    }

    /** Most bytes that the weights of a model may take on an executor. */
    long memoryLimitBytes() {
        return new OptionValues(values).bytes("memory_limit", Long.MAX_VALUE);
    }

    private static ModelOptions toModelOptions(Map<String, String> values) {
        OptionValues own = new OptionValues(values);
        ModelOptions defaults = ModelOptions.defaults();
        return defaults.withKernels(values.get("kernels"))
                .withCompute(own.oneOf("compute", ComputeChoice.values(), ComputeChoice.F32))
                .withWeights(own.oneOf("weights", WeightType.values(), WeightType.STORED))
                .withNumThreads(own.integer("threads", defaults.numThreads(), 1, 4096))
                .withMaxBatchTokens(own.integer("batch_tokens", defaults.maxBatchTokens(), 1, 1 << 20))
                .withMaxCachedBytes(own.bytes("cache_bytes", ModelOptions.DEFAULT_MAX_CACHED_BYTES))
                .withCacheTiers(own.texts("cache_tiers"));
    }

    private static SessionOptions toSessionOptions(Map<String, String> values) {
        OptionValues own = new OptionValues(values);
        SessionOptions defaults = SessionOptions.defaults();
        return defaults.withKvType(own.oneOf("kv_type", KvType.values(), KvType.F32))
                .withBlockSize(own.integer("block_size", defaults.blockSize(), 1, 1 << 16))
                .withMaxSeqLen(own.integer("max_seq_len", 0, 0, Integer.MAX_VALUE))
                .withMaxPoolBytes(own.bytes("pool_bytes", defaults.maxPoolBytes()));
    }

    private static GenerationOptions toGenerationOptions(Map<String, String> values) {
        OptionValues own = new OptionValues(values);
        SamplingOptions sampling = new SamplingOptions(own.number("temperature", 0),
                own.integer("top_k", 0, 0, Integer.MAX_VALUE), own.number("top_p", 1),
                own.number("repetition_penalty", 1), own.longInteger("seed", 0)).withMinP(own.number("min_p", 0));
        GenerationOptions options = GenerationOptions.greedy(own.integer("max_new_tokens", 64, 1, Integer.MAX_VALUE))
                .withSampling(sampling).withStopStrings(List.of(own.texts("stop_strings")))
                .withNumLogProbabilities(0);
        return own.isTrue("ignore_eos") ? options.ignoringEos() : options;
    }
}
