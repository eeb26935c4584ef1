package io.github.pastkv.cache;

import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;

/**
 * New keys and values of one layer of a cache.
 *
 * @param newKeys {@code [batch, new, kv_heads, d_head]}
 * @param newValues of the same shape
 */
record EntryInput(KvCacheConfig config, int layer, Tensor newKeys, Tensor newValues) {
    /** Refuses what does not fit the layer; nothing has changed then. */
    void requireFitting(int batchSize) {
        KvShape shape = config.shape();
        requireAppendable("newKeys", newKeys, shape.headDim(), config.kvTypes(layer).keys(), batchSize);
        requireAppendable("newValues", newValues, shape.valueDim(), config.kvTypes(layer).values(), batchSize);
        requireSameSlots();
    }

    private void requireAppendable(String name, Tensor tensor, int headDim, KvType type, int batchSize) {
        KvShape shape = config.shape();
        if (tensor.rank() != 4 || tensor.shape(2) != shape.numKvHeads() || tensor.shape(3) != headDim) {
            throw new IllegalArgumentException(
                    name + ": " + tensor.typeAndShape() + ", must be [batch, new, " + shape.numKvHeads()
                            + ", " + headDim + "] (batch " + batchSize + ")");
        }
        if (tensor.dataType() != DataType.F32 && tensor.dataType() != type.plainType()) {
            throw new IllegalArgumentException(name + ": " + tensor.dataType() + ", the cache stores " + type
                    + " and takes " + (type.plainType() == null ? "" : "that or ") + "F32");
        }
    }

    private void requireSameSlots() {
        if (newKeys.shape(1) != newValues.shape(1)) {
            throw new IllegalArgumentException(
                    "newValues: " + newValues.shape(1) + " new slots, newKeys has " + newKeys.shape(1));
        }
    }

    /** Writes the real tokens to a step of this layer. */
    void write(KvStep step) {
        KvShape shape = config.shape();
        Tensor key = Tensor.zeros(shape.numKvHeads(), shape.headDim());
        Tensor value = Tensor.zeros(shape.numKvHeads(), shape.valueDim());
        for (int row = 0; row < newKeys.shape(0); row++) {
            int position = step.pastLength(row);
            for (int slot = 0; slot < newKeys.shape(1); slot++) {
                if (step.newMask().isReal(row, slot)) {
                    copyToken(newKeys, row, slot, key);
                    copyToken(newValues, row, slot, value);
                    requireValueOfKey(key, value);
                    step.writeToken(layer, row, position++, key, 0, value, 0);
                }
            }
        }
        step.markWritten(layer);
    }

    /** The value of a latent is the beginning of its key. */
    private void requireValueOfKey(Tensor key, Tensor value) {
        long valueBytes = value.segment().byteSize();
        if (config.shape().isLatent()
                && key.segment().asSlice(0, valueBytes).mismatch(value.segment()) >= 0) {
            throw new IllegalArgumentException(
                    "newValues: other numbers than the first " + value.shape(1) + " of newKeys, which are a latent");
        }
    }

    private static void copyToken(Tensor source, int row, int slot, Tensor token) {
        for (int head = 0; head < token.shape(0); head++) {
            for (int dim = 0; dim < token.shape(1); dim++) {
                token.set(source.get(row, slot, head, dim), head, dim);
            }
        }
    }
}
