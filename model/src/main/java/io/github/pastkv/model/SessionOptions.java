package io.github.pastkv.model;

import io.github.pastkv.cache.DataType;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvWindow;
import io.github.pastkv.model.config.ModelConfig;

/**
 * How a session keeps its past.
 *
 * @param batchSize rows
 * @param kvType type that keys and values are stored in
 * @param blockSize tokens per block: 1 to 16, or a multiple of 16
 * @param maxSeqLen longest row in tokens; 0 for the model's own limit
 * @param maxPoolBytes most bytes of cache; a limit, not a reservation
 */
public record SessionOptions(int batchSize, DataType kvType, int blockSize, int maxSeqLen, long maxPoolBytes) {
    public SessionOptions {
        if (maxSeqLen < 0) {
            throw new IllegalArgumentException("maxSeqLen: " + maxSeqLen + ", must not be negative");
        }
    }

    /** One row, F32, blocks of 16, up to the model's longest sequence, at most 8 GiB. */
    public static SessionOptions defaults() {
        return new SessionOptions(1, DataType.F32, KvCacheConfig.DEFAULT_BLOCK_SIZE, 0,
                KvCacheConfig.DEFAULT_MAX_POOL_BYTES);
    }

    public SessionOptions withBatchSize(int newBatchSize) {
        return new SessionOptions(newBatchSize, kvType, blockSize, maxSeqLen, maxPoolBytes);
    }

    public SessionOptions withKvType(DataType newKvType) {
        return new SessionOptions(batchSize, newKvType, blockSize, maxSeqLen, maxPoolBytes);
    }

    public SessionOptions withBlockSize(int newBlockSize) {
        return new SessionOptions(batchSize, kvType, newBlockSize, maxSeqLen, maxPoolBytes);
    }

    public SessionOptions withMaxSeqLen(int newMaxSeqLen) {
        return new SessionOptions(batchSize, kvType, blockSize, newMaxSeqLen, maxPoolBytes);
    }

    public SessionOptions withMaxPoolBytes(long newMaxPoolBytes) {
        return new SessionOptions(batchSize, kvType, blockSize, maxSeqLen, newMaxPoolBytes);
    }

    /** The cache that these options ask for. */
    KvCacheConfig cacheConfig(ModelConfig model) {
        if (maxSeqLen > model.maxSeqLen()) {
            throw new IllegalArgumentException(
                    "maxSeqLen: " + maxSeqLen + ", the model's limit is " + model.maxSeqLen());
        }
        return KvCacheConfig.of(model.toKvShape(), batchSize).withDataType(kvType).withBlockSize(blockSize)
                .withWindows(layer -> KvWindow.of(model.window(layer)))
                .withMaxTokens(maxSeqLen == 0 ? model.maxSeqLen() : maxSeqLen).withMaxPoolBytes(maxPoolBytes);
    }
}
