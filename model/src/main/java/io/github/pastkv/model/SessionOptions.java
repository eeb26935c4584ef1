package io.github.pastkv.model;

import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.layout.LayerKvTypes;
import io.github.pastkv.model.config.ModelConfig;

/**
 * How a session keeps its past.
 *
 * @param batchSize rows
 * @param kvTypes what keys and values are stored as, by layer
 * @param blockSize tokens per block: 1 to 16, or a multiple of 16
 * @param maxSeqLen longest row in tokens; 0 for the model's own limit, or the original context of a LongRoPE model.
 *        Where RoPE frequencies depend on length (dynamic, longrope), they are those of a text of this length from the
 *        first token on, as transformers has them for a prompt of this length; the bits of a token are the same within
 *        sessions of one effective length, and differ between those of short and of long texts
 * @param maxPoolBytes most bytes of cache; a limit, not a reservation. Sessions that reuse prefixes and store alike
 *        share it: what closed ones have read stays as far as {@link ModelOptions#maxCachedBytes()} and this limit
 *        leave room
 * @param window what tokens see at most, beside the model's own windows; what no later token sees is let go of
 * @param maxRewindTokens how far back a session over windows can always be rewound
 * @param prefixReuse whether the session shares what has been read with others of its model
 */
public record SessionOptions(int batchSize, LayerKvTypes kvTypes, int blockSize, int maxSeqLen, long maxPoolBytes,
        KvWindow window, int maxRewindTokens, PrefixReuse prefixReuse) {
    public SessionOptions {
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

    /** Types by layer; a layer that the model does not have is refused when the session is opened. */
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
     * Lets tokens see the last {@code newWindow.numTokens()} positions only, and the first {@code newWindow.numSinks()}
     * (attention sinks, StreamingLLM), at their absolute positions: a text may then be longer than the cache has room
     * for, as memory is bounded by the window. Every result equals that of one run in which each token is masked so.
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
     * The same for a text whose length is known: where rotary frequencies depend on the longest row, it is this one, so
     * that a short text has those of short texts; else nothing changes.
     */
    public SessionOptions forTokens(ModelConfig model, long numTokens) {
        return model.dependsOnLength() ? withMaxSeqLen(Math.clamp(numTokens, 1, model.longestSeqLen())) : this;
    }

    /** Whether the session shares what has been read with others of its model that store alike. */
    public SessionOptions withPrefixReuse(boolean reuses) {
        return withPrefixReuse(new PrefixReuse(reuses, prefixReuse.salt()));
    }

    /** Shares only with sessions of equal salt. */
    public SessionOptions withPrefixSalt(String salt) {
        return withPrefixReuse(new PrefixReuse(prefixReuse.isOn(), salt));
    }

    private SessionOptions withPrefixReuse(PrefixReuse newPrefixReuse) {
        return new SessionOptions(batchSize, kvTypes, blockSize, maxSeqLen, maxPoolBytes, window, maxRewindTokens,
                newPrefixReuse);
    }

    /** The cache that these options ask for. */
    KvCacheConfig cacheConfig(ModelConfig model) {
        if (maxSeqLen > model.longestSeqLen()) {
            throw new IllegalArgumentException(
                    "maxSeqLen: " + maxSeqLen + ", the model's limit is " + model.longestSeqLen());
        }
        return KvCacheConfig.of(model.toKvShape(), batchSize).withKvTypes(kvTypes).withBlockSize(blockSize)
                .withWindows(layer -> storedWindow(model, layer)).withMaxRewindTokens(maxRewindTokens)
                .withMaxTokens(maxSeqLen == 0 ? model.defaultSeqLen() : maxSeqLen).withMaxPoolBytes(maxPoolBytes);
    }

    /** What a layer's cache keeps: what it sees, or more where the model's own window does not make it forget. */
    private KvWindow storedWindow(ModelConfig model, int layer) {
        KvWindow seen = KvWindow.of(model.window(layer)).narrower(window);
        return model.storedWindow(layer) == model.window(layer) ? seen : window;
    }
}
