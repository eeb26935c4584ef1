package io.github.pastkv.model;

import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.kernels.WeightType;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a model is run.
 *
 * @param kernels name of the kernels to force ({@code scalar}, {@code vector}, {@code onednn}), or null for the fastest
 *     to be had
 * @param compute type of the inputs of linear layers
 * @param weights what becomes of the weights of linear layers
 * @param numThreads threads of a step, the caller's included
 * @param maxBatchTokens most tokens of a forward pass, over all sessions that share it; longer prompts are computed in
 *        chunks (chunked prefill)
 * @param loadsTokenizer whether {@code tokenizer.json} is read where there is one; ids need none
 * @param maxCachedBytes most bytes that each way of storing keeps of what closed sessions have read, for later ones to
 *        find; what is beyond is forgotten, the least recently used first. 0 keeps nothing; open sessions still share
 * @param leakListener hears of sessions that were forgotten without being closed, and where they were opened; null for
 *        nobody
 * @param allowedConfigKeys keys of {@code config.json} that are let pass though the family does not know them
 */
public record ModelOptions(@Nullable String kernels, ComputeChoice compute, WeightType weights, int numThreads,
        int maxBatchTokens, boolean loadsTokenizer, long maxCachedBytes,
        @Nullable Consumer<String> leakListener, Set<String> allowedConfigKeys, @Nullable BlockStore blockStore) {
    /** What is kept of closed sessions unless said otherwise: 1 GiB. */
    public static final long DEFAULT_MAX_CACHED_BYTES = 1L << 30;

    public ModelOptions {
        allowedConfigKeys = Set.copyOf(allowedConfigKeys);
        requirePositive("numThreads", numThreads);
        requirePositive("maxBatchTokens", maxBatchTokens);
        if (maxCachedBytes < 0) {
            throw new IllegalArgumentException("maxCachedBytes: " + maxCachedBytes + ", must not be negative");
        }
    }

    /** Fastest kernels, F32, weights as stored, all processors, passes of 512 tokens, 1 GiB of cached prefixes. */
    public static ModelOptions defaults() {
        return new ModelOptions(null, ComputeChoice.F32, WeightType.STORED,
                Runtime.getRuntime().availableProcessors(), 512, true, DEFAULT_MAX_CACHED_BYTES, null, Set.of(), null);
    }

    public ModelOptions withKernels(@Nullable String newKernels) {
        return new ModelOptions(newKernels, compute, weights, numThreads, maxBatchTokens, loadsTokenizer,
                maxCachedBytes, leakListener, allowedConfigKeys, blockStore);
    }

    public ModelOptions withCompute(ComputeChoice newCompute) {
        return new ModelOptions(kernels, newCompute, weights, numThreads, maxBatchTokens, loadsTokenizer,
                maxCachedBytes, leakListener, allowedConfigKeys, blockStore);
    }

    public ModelOptions withWeights(WeightType newWeights) {
        return new ModelOptions(kernels, compute, newWeights, numThreads, maxBatchTokens, loadsTokenizer,
                maxCachedBytes, leakListener, allowedConfigKeys, blockStore);
    }

    public ModelOptions withNumThreads(int newNumThreads) {
        return new ModelOptions(kernels, compute, weights, newNumThreads, maxBatchTokens, loadsTokenizer,
                maxCachedBytes, leakListener, allowedConfigKeys, blockStore);
    }

    public ModelOptions withMaxBatchTokens(int newMaxPassTokens) {
        return new ModelOptions(kernels, compute, weights, numThreads, newMaxPassTokens, loadsTokenizer,
                maxCachedBytes, leakListener, allowedConfigKeys, blockStore);
    }

    public ModelOptions withoutTokenizer() {
        return new ModelOptions(kernels, compute, weights, numThreads, maxBatchTokens, false, maxCachedBytes,
                leakListener, allowedConfigKeys, blockStore);
    }

    /**
     * Bounds the memory that prefixes of closed sessions keep: without it a service that reads ever new texts would
     * come to fill each pool up to {@link SessionOptions#maxPoolBytes()}. What has been given up is used again by the
     * pool; the system gets memory back when the model is closed.
     */
    public ModelOptions withMaxCachedBytes(long newMaxCachedBytes) {
        return new ModelOptions(kernels, compute, weights, numThreads, maxBatchTokens, loadsTokenizer,
                newMaxCachedBytes,
                leakListener, allowedConfigKeys, blockStore);
    }

    /**
     * Watches sessions: one that is no longer used anywhere and was not closed, so that its memory is lost until the
     * model is closed, is reported with the stack trace of where it was opened; the one that the model computed for
     * last, once it has computed for another. For finding faults: costs stack traces.
     *
     * @param newLeakListener called by a thread of the {@link java.lang.ref.Cleaner}
     */
    public ModelOptions withLeakListener(Consumer<String> newLeakListener) {
        return new ModelOptions(kernels, compute, weights, numThreads, maxBatchTokens, loadsTokenizer, maxCachedBytes,
                newLeakListener, allowedConfigKeys, blockStore);
    }

    public ModelOptions withAllowedConfigKeys(Set<String> newAllowedConfigKeys) {
        return new ModelOptions(kernels, compute, weights, numThreads, maxBatchTokens, loadsTokenizer,
                maxCachedBytes, leakListener, newAllowedConfigKeys, blockStore);
    }

    /**
     * Puts a store beneath the prefix caches of this model's sessions. What it holds is found by every process that
     * opens files of the same content with kernels of the same numeric identity; loading then reads all files once for
     * their digest. The caller closes the store, after the model.
     */
    public ModelOptions withBlockStore(BlockStore newBlockStore) {
        return new ModelOptions(kernels, compute, weights, numThreads, maxBatchTokens, loadsTokenizer,
                maxCachedBytes, leakListener, allowedConfigKeys, newBlockStore);
    }

    private static void requirePositive(String name, int value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + ": " + value + ", must be positive");
        }
    }
}
