package io.github.pastkv.cache;

/**
 * How a cache stores.
 *
 * @param shape layers, kv heads, head dimension
 * @param dataType type that keys and values are rounded to when written
 * @param batchSize rows
 * @param blockSize tokens per block: 1 to 16, or a multiple of 16
 * @param maxTokens longest row; a limit, not a reservation
 * @param maxPoolBytes most bytes of blocks; a limit, not a reservation
 */
public record KvCacheConfig(KvShape shape, DataType dataType, int batchSize, int blockSize, int maxTokens,
        long maxPoolBytes) {
    /** Tokens per block unless said otherwise. */
    public static final int DEFAULT_BLOCK_SIZE = 16;
    /** Limit of a pool unless said otherwise: 8 GiB. */
    public static final long DEFAULT_MAX_POOL_BYTES = 8L << 30;

    public KvCacheConfig {
        KvShape.requirePositive("batchSize", batchSize);
        KvShape.requirePositive("blockSize", blockSize);
        KvShape.requirePositive("maxTokens", maxTokens);
        KvShape.requirePositive("maxPoolBytes", maxPoolBytes);
    }

    /** F32, blocks of 16, rows without limit in a pool of at most 8 GiB. */
    public static KvCacheConfig of(KvShape shape, int batchSize) {
        return new KvCacheConfig(shape, DataType.F32, batchSize, DEFAULT_BLOCK_SIZE, Integer.MAX_VALUE,
                DEFAULT_MAX_POOL_BYTES);
    }

    public KvCacheConfig withDataType(DataType newDataType) {
        return new KvCacheConfig(shape, newDataType, batchSize, blockSize, maxTokens, maxPoolBytes);
    }

    public KvCacheConfig withBatchSize(int newBatchSize) {
        return new KvCacheConfig(shape, dataType, newBatchSize, blockSize, maxTokens, maxPoolBytes);
    }

    public KvCacheConfig withBlockSize(int newBlockSize) {
        return new KvCacheConfig(shape, dataType, batchSize, newBlockSize, maxTokens, maxPoolBytes);
    }

    public KvCacheConfig withMaxTokens(int newMaxTokens) {
        return new KvCacheConfig(shape, dataType, batchSize, blockSize, newMaxTokens, maxPoolBytes);
    }

    public KvCacheConfig withMaxPoolBytes(long newMaxPoolBytes) {
        return new KvCacheConfig(shape, dataType, batchSize, blockSize, maxTokens, newMaxPoolBytes);
    }
}
