package io.github.pastkv.testkit.cache;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;

/**
 * One layer of a cache without padding, as {@link KvCacheContractTest} drives it: the adapter of a cache form under
 * test. Invalid calls are rejected before anything has changed.
 */
public interface OneLayerCache extends AutoCloseable {
    /**
     * What the contract asks for.
     *
     * @param batchSize rows
     * @param maxTokens tokens per row that fit
     * @param numKvHeads key/value heads
     * @param headDim numbers per head
     * @param kvType type of storage
     * @param blockSize tokens per block; forms that fix it themselves may ignore it
     */
    record Setup(int batchSize, int maxTokens, int numKvHeads, int headDim, KvType kvType, int blockSize) {
        /** The type of all that is appended: that of the storage, or F32 where it stores no plain numbers. */
        public DataType dataType() {
            DataType plainType = kvType.plainType();
            return plainType == null ? DataType.F32 : plainType;
        }
    }

    /**
     * Appends tokens to every row.
     *
     * @param keys {@code [B, S, K, D]}; S may be 0
     * @param values of the same shape
     * @throws IllegalArgumentException for another shape or type, or more than {@code maxTokens}
     */
    void append(Tensor keys, Tensor values);

    /** Tokens per row. */
    int numTokens();

    /** One number of a key as stored. */
    float key(int row, int position, int kvHead, int dim);

    /** One number of a value as stored. */
    float value(int row, int position, int kvHead, int dim);

    /** Forgets all tokens. */
    void reset();

    /** Fails where the bookkeeping is wrong; allowed after {@link #close}. */
    void checkIntegrity();

    /**
     * Frees the memory; all but {@link #checkIntegrity} and a second close are an {@link IllegalStateException} then.
     */
    @Override
    void close();
}
