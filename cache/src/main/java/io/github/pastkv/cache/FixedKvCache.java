package io.github.pastkv.cache;

import io.github.pastkv.cache.KvCacheEntry.KeysValues;
import io.github.pastkv.cache.check.Require;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.LazyTensor;
import io.github.pastkv.tensor.Tensor;
import java.util.Arrays;

/**
 * A cache of fixed capacity for the keys and values of one attention layer, with the contract of torchtune's
 * {@code KVCache}: {@link #update} writes the next positions and returns the whole buffers, zeros beyond {@link #size}.
 * The capacity is a limit; memory follows what is stored.
 *
 * <p>The example of torchtune's documentation:
 *
 * {@snippet :
 * FixedKvCache cache = new FixedKvCache(2, 16, 4, 32, DataType.BF16);
 * Tensor prompt = Tensor.ones(DataType.BF16, 2, 4, 8, 32);
 * cache.update(prompt, prompt); // size() is 8: positions 0 to 7 are filled
 * Tensor next = Tensor.ones(DataType.BF16, 2, 4, 1, 32);
 * KeysValues buffers = cache.update(next, next); // size() is 9; [2, 4, 16, 32], zeros from position 9 on
 * }
 *
 * <p>The buffers are read number by number or copied. An attention that reads blocks in place needs the {@link KvStep}
 * of a {@link KvCache}.
 *
 * <p>For one thread at a time. Owns its memory until {@link #close}.
 */
public final class FixedKvCache implements AutoCloseable {
    private final KvCache cache;
    private final DataType dataType;
    private final int maxSeqLen;
    private final KeysValues buffers;

    /**
     * An empty cache.
     *
     * @param batchSize rows of every update
     * @param maxSeqLen positions that fit
     * @param numKvHeads key/value heads (torchtune 0.3: {@code num_heads})
     * @param headDim numbers per head
     * @param dataType type of every update and of the storage
     */
    public FixedKvCache(int batchSize, int maxSeqLen, int numKvHeads, int headDim, DataType dataType) {
        Require.positive("maxSeqLen", maxSeqLen);
        this.maxSeqLen = maxSeqLen;
        this.dataType = dataType;
        this.cache = new KvCache(KvCacheConfig.of(new KvShape(1, numKvHeads, headDim), batchSize)
                .withKvType(KvType.of(dataType)).withMaxTokens(maxSeqLen));
        this.buffers = new KeysValues(new Buffer(true), new Buffer(false));
    }

    /** Positions filled so far. */
    public int size() {
        return cache.numSlots();
    }

    /** Positions that fit. */
    public int maxSeqLen() {
        return maxSeqLen;
    }

    /**
     * Writes keys and values at positions {@code [size, size + S)}.
     *
     * @param keys {@code [B, H, S, D]} of the cache's type; S may be 0
     * @param values of the same shape and type
     * @return the live buffers {@code [B, H, maxSeqLen, D]}, the same objects at every call, readable until
     *        {@link #close}: nothing is copied before they are read
     * @throws IllegalArgumentException naming the configured and the reached number, for another batch, shape, type, or
     *         more positions than fit; nothing has changed then
     */
    public KeysValues update(Tensor keys, Tensor values) {
        requireUpdate("keys", keys);
        requireUpdate("values", values);
        if (keys.shape(2) != values.shape(2)) {
            throw new IllegalArgumentException(
                    "values: " + values.typeAndShape() + ", keys are " + keys.typeAndShape());
        }
        requireRoom(keys.shape(2));
        if (keys.shape(2) > 0) {
            cache.entry(0).store(keys.transpose(1, 2), values.transpose(1, 2));
        }
        return buffers;
    }

    private void requireUpdate(String name, Tensor tensor) {
        KvShape shape = cache.config().shape();
        if (tensor.rank() != 4) {
            throw new IllegalArgumentException(name + ": " + tensor.typeAndShape() + ", must be [B, H, S, D]");
        }
        cache.config().requireBatch(name, tensor.shape(0));
        if (tensor.shape(1) != shape.numKvHeads() || tensor.shape(3) != shape.headDim()) {
            throw new IllegalArgumentException(name + ": " + tensor.typeAndShape() + ", the cache is configured for "
                    + shape.numKvHeads() + " heads of " + shape.headDim());
        }
        if (tensor.dataType() != dataType) {
            throw new IllegalArgumentException(
                    name + ": " + tensor.dataType() + ", the cache is configured for " + dataType);
        }
    }

    private void requireRoom(long numNew) {
        if (size() + numNew > maxSeqLen) {
            throw new IllegalArgumentException("keys: " + numNew + " new positions would reach " + (size() + numNew)
                    + ", the cache is configured for a maxSeqLen of " + maxSeqLen);
        }
    }

    /** Empties the cache: size 0, all buffers zero. */
    public void reset() {
        cache.reset();
    }

    /** Bytes of the blocks in use. */
    public long cacheBytes() {
        return cache.cacheBytes();
    }

    /** Checks the pool's bookkeeping; an {@link IllegalStateException} names what is wrong. */
    public void checkIntegrity() {
        cache.checkIntegrity();
    }

    /** What is filled, and the shape of the buffers. */
    @Override
    public String toString() {
        return cache.state().isClosed()
                ? "FixedKvCache[closed]"
                : "FixedKvCache[" + size() + " of " + maxSeqLen + " positions, " + dataType
                        + Arrays.toString(buffers.keys().shape()) + "]";
    }

    @Override
    public void close() {
        cache.close();
    }

    /** The whole buffer of keys or values, looked up in the blocks at each read. */
    private final class Buffer extends LazyTensor {
        private final boolean ofKeys;

        Buffer(boolean ofKeys) {
            KvCacheConfig config = cache.config();
            super(config.batchSize(), config.shape().numKvHeads(), maxSeqLen, config.shape().headDim());
            this.ofKeys = ofKeys;
        }

        @Override
        public float get(int row, int kvHead, int position, int dim) {
            Require.index("row", row, shape(0));
            Require.index("kvHead", kvHead, shape(1));
            Require.index("position", position, shape(2));
            Require.index("dim", dim, shape(3));
            return position < size() ? cache.read(0, row, ofKeys, position, kvHead, dim) : 0f;
        }
    }
}
