package io.github.pastkv.model;

import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.layout.LayerKvTypes;
import io.github.pastkv.model.config.ModelConfig;
import java.util.Objects;

/**
 * Options of a session and its cache.
 *
 * @param batchSize rows
 * @param kvTypes storage types of keys and values, by layer
 * @param blockSize tokens per block: 1 to 16, or a multiple of 16
 * @param maxSeqLen longest row in tokens; 0 for the model's own limit, or the original context of a LongRoPE model.
 *        RoPE variants whose frequencies depend on the length (dynamic, longrope) use those of a text of this length
 *        from the first token on, as transformers does for a prompt of this length. Results are bit-identical among
 *        sessions of one effective length, and differ between those of short and of long texts
 * @param maxPoolBytes limit of the cache in bytes; no memory is reserved. Sessions that share prefixes share the limit;
 *        cached prefixes of closed sessions stay within {@link ModelOptions#maxCachedBytes()} and this limit
 * @param window attention window, in addition to the model's own windows; tokens that have left it are evicted
 * @param maxRewindTokens number of tokens by which a session with windows can always be rewound
 * @param prefixReuse whether the session shares cached prefixes with others of its model
 */
public record SessionOptions(int batchSize, LayerKvTypes kvTypes, int blockSize, int maxSeqLen, long maxPoolBytes,
        KvWindow window, int maxRewindTokens, PrefixReuse prefixReuse) {
    public SessionOptions {
        Objects.requireNonNull(kvTypes, "kvTypes: null");
        Objects.requireNonNull(window, "window: null");
        Objects.requireNonNull(prefixReuse, "prefixReuse: null");
        if (maxSeqLen < 0) {
            throw new IllegalArgumentException("maxSeqLen: " + maxSeqLen + ", must not be negative");
        }
    }

    /** One row, F32, blocks of 16, up to the model's longest sequence, at most 8 GiB. */
    public static SessionOptions defaults() {
        return new SessionOptions(1, LayerKvTypes.of(KvTypes.of(KvType.F32)), KvCacheConfig.DEFAULT_BLOCK_SIZE, 0,
                KvCacheConfig.DEFAULT_MAX_POOL_BYTES, KvWindow.NONE, KvCacheConfig.DEFAULT_MAX_REWIND_TOKENS,
                PrefixReuse.ON);
    }

    public SessionOptions withBatchSize(int newBatchSize) {
        return new SessionOptions(newBatchSize, kvTypes, blockSize, maxSeqLen, maxPoolBytes, window,
                maxRewindTokens, prefixReuse);
    }

    /** One type for the keys and values of all layers. */
    public SessionOptions withKvType(KvType newKvType) {
        return withKvTypes(KvTypes.of(newKvType));
    }

    /** One type for all keys, and one for all values. */
    public SessionOptions withKvTypes(KvTypes newKvTypes) {
        return withKvTypes(LayerKvTypes.of(newKvTypes));
    }

    /** Types by layer; opening the session fails if the model does not have a named layer. */
    public SessionOptions withKvTypes(LayerKvTypes newKvTypes) {
        return new SessionOptions(batchSize, newKvTypes, blockSize, maxSeqLen, maxPoolBytes, window,
                maxRewindTokens, prefixReuse);
    }

    public SessionOptions withBlockSize(int newBlockSize) {
        return new SessionOptions(batchSize, kvTypes, newBlockSize, maxSeqLen, maxPoolBytes, window,
                maxRewindTokens, prefixReuse);
    }

    public SessionOptions withMaxSeqLen(int newMaxSeqLen) {
        return new SessionOptions(batchSize, kvTypes, blockSize, newMaxSeqLen, maxPoolBytes, window,
                maxRewindTokens, prefixReuse);
    }

    public SessionOptions withMaxPoolBytes(long newMaxPoolBytes) {
        return new SessionOptions(batchSize, kvTypes, blockSize, maxSeqLen, newMaxPoolBytes, window,
                maxRewindTokens, prefixReuse);
    }

    /**
     * Limits attention to the last {@code newWindow.numTokens()} positions and the first {@code newWindow.numSinks()}
     * (attention sinks, StreamingLLM), at their absolute positions. Memory is bounded by the window, so a text may be
     * longer than the cache. Results equal those of a single run with the same attention mask.
     */
    public SessionOptions withWindow(KvWindow newWindow) {
        return new SessionOptions(batchSize, kvTypes, blockSize, maxSeqLen, maxPoolBytes, newWindow, maxRewindTokens,
                prefixReuse);
    }

    public SessionOptions withMaxRewindTokens(int newMaxRewindTokens) {
        return new SessionOptions(batchSize, kvTypes, blockSize, maxSeqLen, maxPoolBytes, window, newMaxRewindTokens,
                prefixReuse);
    }

    /**
     * Options for a text of known length: if RoPE frequencies depend on the length, {@code maxSeqLen} becomes this
     * length, so that a short text gets the frequencies of short texts; otherwise nothing changes.
     */
    public SessionOptions forTokens(ModelConfig model, long numTokens) {
        return model.dependsOnLength() ? withMaxSeqLen(Math.clamp(numTokens, 1, model.longestSeqLen())) : this;
    }

    /** Whether the session shares cached prefixes with others of its model that have the same storage options. */
    public SessionOptions withPrefixReuse(boolean reuses) {
        return withPrefixReuse(new PrefixReuse(reuses, prefixReuse.salt()));
    }

    /** Shares only with sessions with an equal salt. */
    public SessionOptions withPrefixSalt(String salt) {
        return withPrefixReuse(new PrefixReuse(prefixReuse.isOn(), salt));
    }

    private SessionOptions withPrefixReuse(PrefixReuse newPrefixReuse) {
        return new SessionOptions(batchSize, kvTypes, blockSize, maxSeqLen, maxPoolBytes, window, maxRewindTokens,
                newPrefixReuse);
    }

    /** The cache configuration for these options. */
    KvCacheConfig cacheConfig(ModelConfig model) {
        if (maxSeqLen > model.longestSeqLen()) {
            throw new IllegalArgumentException(
                    "maxSeqLen: " + maxSeqLen + ", the model's limit is " + model.longestSeqLen());
        }
        return KvCacheConfig.of(model.toKvShape(), batchSize).withKvTypes(kvTypes).withBlockSize(blockSize)
                .withWindows(layer -> storedWindow(model, layer)).withMaxRewindTokens(maxRewindTokens)
                .withMaxTokens(maxSeqLen == 0 ? model.defaultSeqLen() : maxSeqLen).withMaxPoolBytes(maxPoolBytes);
    }

    /** The window of a layer's cache. */
    private KvWindow storedWindow(ModelConfig model, int layer) {
        KvWindow seen = model.attended(layer).narrower(window).withoutChunks();
        return model.storedWindow(layer) == model.window(layer) ? seen : window;
    }
}
