package io.github.pastkv.model;

import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.kernels.weights.WeightType;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Options of a model.
 *
 * @param kernels name of the kernels ({@code scalar}, {@code vector} or {@code onednn}), or null for the fastest
 *        available
 * @param compute type of the inputs of linear layers
 * @param weights storage type of the weights of linear layers
 * @param numThreads compute threads, including the caller's
 * @param maxBatchTokens limit of tokens in a forward pass, over all sessions that share it; longer prompts are computed
 *        in chunks (chunked prefill)
 * @param loadsTokenizer whether {@code tokenizer.json} is read; token ids do not need it
 * @param maxCachedBytes limit of cached prefixes of closed sessions in bytes, for each combination of storage options,
 *        with LRU eviction. With 0 nothing is kept; open sessions still share
 * @param leakListener receives a report of each session that became unreachable without being closed, with the place
 *        where it was opened; null for none
 * @param allowedConfigKeys unknown keys of {@code config.json}, or of a GGUF file's metadata, to ignore
 * @param allowedTokenizers for unknown names under {@code tokenizer.ggml.pre} of a GGUF file, the known rule to take
 * @param blockStore second-level storage of prefix caches, owned by the caller; null for none
 * @param cacheTiers URIs of cache tiers that the model opens and owns, nearest first
 */
public record ModelOptions(@Nullable String kernels, ComputeChoice compute, WeightType weights, int numThreads,
        int maxBatchTokens, boolean loadsTokenizer, long maxCachedBytes,
        @Nullable Consumer<String> leakListener, Set<String> allowedConfigKeys,
        Map<String, String> allowedTokenizers, @Nullable BlockStore blockStore,
        List<String> cacheTiers) {
    /** Default limit of cached prefixes: 1 GiB. */
    public static final long DEFAULT_MAX_CACHED_BYTES = 1L << 30;

    public ModelOptions {
        Objects.requireNonNull(compute, "compute: null");
        Objects.requireNonNull(weights, "weights: null");
        Objects.requireNonNull(allowedConfigKeys, "allowedConfigKeys: null");
        Objects.requireNonNull(allowedTokenizers, "allowedTokenizers: null");
        Objects.requireNonNull(cacheTiers, "cacheTiers: null");
        allowedConfigKeys = Set.copyOf(allowedConfigKeys);
        allowedTokenizers = Map.copyOf(allowedTokenizers);
        cacheTiers = List.copyOf(cacheTiers);
        if (blockStore != null && !cacheTiers.isEmpty()) {
            throw new IllegalArgumentException("cacheTiers: " + cacheTiers.size()
                    + " beside a block store; put the tiers into the store");
        }
        requirePositive("numThreads", numThreads);
        requirePositive("maxBatchTokens", maxBatchTokens);
        if (maxCachedBytes < 0) {
            throw new IllegalArgumentException("maxCachedBytes: " + maxCachedBytes + ", must not be negative");
        }
    }

    /** Fastest kernels, F32, weights as stored, all processors, passes of 512 tokens, 1 GiB of cached prefixes. */
    public static ModelOptions defaults() {
        return new ModelOptions(null, ComputeChoice.F32, WeightType.STORED,
                Runtime.getRuntime().availableProcessors(), 512, true, DEFAULT_MAX_CACHED_BYTES, null, Set.of(),
                Map.of(),
                null, List.of());
    }

    public ModelOptions withKernels(@Nullable String newKernels) {
        return new ModelOptions(newKernels, compute, weights, numThreads, maxBatchTokens, loadsTokenizer,
                maxCachedBytes, leakListener, allowedConfigKeys, allowedTokenizers, blockStore, cacheTiers);
    }

    public ModelOptions withCompute(ComputeChoice newCompute) {
        return new ModelOptions(kernels, newCompute, weights, numThreads, maxBatchTokens, loadsTokenizer,
                maxCachedBytes, leakListener, allowedConfigKeys, allowedTokenizers, blockStore, cacheTiers);
    }

    public ModelOptions withWeights(WeightType newWeights) {
        return new ModelOptions(kernels, compute, newWeights, numThreads, maxBatchTokens, loadsTokenizer,
                maxCachedBytes, leakListener, allowedConfigKeys, allowedTokenizers, blockStore, cacheTiers);
    }

    public ModelOptions withNumThreads(int newNumThreads) {
        return new ModelOptions(kernels, compute, weights, newNumThreads, maxBatchTokens, loadsTokenizer,
                maxCachedBytes, leakListener, allowedConfigKeys, allowedTokenizers, blockStore, cacheTiers);
    }

    public ModelOptions withMaxBatchTokens(int newMaxPassTokens) {
        return new ModelOptions(kernels, compute, weights, numThreads, newMaxPassTokens, loadsTokenizer,
                maxCachedBytes, leakListener, allowedConfigKeys, allowedTokenizers, blockStore, cacheTiers);
    }

    public ModelOptions withoutTokenizer() {
        return new ModelOptions(kernels, compute, weights, numThreads, maxBatchTokens, false, maxCachedBytes,
                leakListener, allowedConfigKeys, allowedTokenizers, blockStore, cacheTiers);
    }

    /**
     * Limits the memory of cached prefixes of closed sessions. Without a limit, a service with many different texts
     * would fill each pool up to {@link SessionOptions#maxPoolBytes()}. Evicted blocks are reused by the pool; memory
     * returns to the system when the model is closed.
     */
    public ModelOptions withMaxCachedBytes(long newMaxCachedBytes) {
        return new ModelOptions(kernels, compute, weights, numThreads, maxBatchTokens, loadsTokenizer,
                newMaxCachedBytes,
                leakListener, allowedConfigKeys, allowedTokenizers, blockStore, cacheTiers);
    }

    /**
     * Reports sessions that became unreachable without being closed, whose memory is lost until the model is closed,
     * with the stack trace of their creation. The session of the last step is reported only after a step of another
     * one. A debugging aid: each session costs stack traces.
     *
     * @param newLeakListener called by a thread of the {@link java.lang.ref.Cleaner}
     */
    public ModelOptions withLeakListener(Consumer<String> newLeakListener) {
        Objects.requireNonNull(newLeakListener, "newLeakListener: null");
        return new ModelOptions(kernels, compute, weights, numThreads, maxBatchTokens, loadsTokenizer, maxCachedBytes,
                newLeakListener, allowedConfigKeys, allowedTokenizers, blockStore, cacheTiers);
    }

    public ModelOptions withAllowedConfigKeys(Set<String> newAllowedConfigKeys) {
        return new ModelOptions(kernels, compute, weights, numThreads, maxBatchTokens, loadsTokenizer,
                maxCachedBytes, leakListener, newAllowedConfigKeys, allowedTokenizers, blockStore, cacheTiers);
    }

    /** Takes known rules to split texts for unknown ones that GGUF files name. */
    public ModelOptions withAllowedTokenizers(Map<String, String> newAllowedTokenizers) {
        return new ModelOptions(kernels, compute, weights, numThreads, maxBatchTokens, loadsTokenizer,
                maxCachedBytes, leakListener, allowedConfigKeys, newAllowedTokenizers, blockStore, cacheTiers);
    }

    /**
     * Adds a store below the prefix caches of this model's sessions. Its blocks are found by every process that opens
     * model files of equal content with kernels of the same numeric identity; for that, loading reads all files once to
     * compute their digest. The caller closes the store, after the model.
     */
    public ModelOptions withBlockStore(BlockStore newBlockStore) {
        Objects.requireNonNull(newBlockStore, "newBlockStore: null");
        return new ModelOptions(kernels, compute, weights, numThreads, maxBatchTokens, loadsTokenizer,
                maxCachedBytes, leakListener, allowedConfigKeys, allowedTokenizers, newBlockStore, cacheTiers);
    }

    /**
     * With cache tiers below the prefix caches of this model's sessions, nearest first, named by URIs such as
     * {@code file:/var/cache/pastkv?max=10GiB}. What has been read is found again after a restart and by other
     * processes, with the same bits or not at all. The model opens and closes the tiers.
     */
    public ModelOptions withCacheTiers(String... uris) {
        return new ModelOptions(kernels, compute, weights, numThreads, maxBatchTokens, loadsTokenizer,
                maxCachedBytes, leakListener, allowedConfigKeys, allowedTokenizers, blockStore, List.of(uris));
    }

    private static void requirePositive(String name, int value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + ": " + value + ", must be positive");
        }
    }
}
