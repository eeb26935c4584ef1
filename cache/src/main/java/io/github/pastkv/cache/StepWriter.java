package io.github.pastkv.cache;

import java.util.Objects;

/** Stores the keys and values of a step's tokens in its blocks, rounded to the storage type. */
final class StepWriter {
    private final KvStep step;
    private final KvCache cache;
    private final StepBlocks[][] blocks; // [group][row]

    StepWriter(KvStep step, KvCache cache, StepBlocks[][] blocks) {
        this.step = step;
        this.cache = cache;
        this.blocks = blocks;
    }

    /** See {@link KvStep#write}. */
    void write(int layer, Tensor keys, Tensor values, int firstToken, int from, int to) {
        Objects.checkIndex(layer, cache.numLayers());
        Objects.checkFromToIndex(firstToken + from, firstToken + to, step.numTokens());
        requireWritable("keys", keys, from, to);
        requireWritable("values", values, from, to);
        for (int i = from; i < to; i++) {
            int row = step.rowOf(firstToken + i);
            int position = step.position(row, firstToken + i);
            writeToken(layer, row, position, keys, i * keys.stride(0), values, i * values.stride(0));
        }
    }

    private void requireWritable(String name, Tensor tensor, int from, int to) {
        KvShape shape = cache.config().shape();
        int width = shape.numKvHeads() * shape.headDim();
        if (tensor.dataType() != DataType.F32 || tensor.rank() != 2 || tensor.shape(1) != width
                || tensor.stride(1) != 1) {
            throw new IllegalArgumentException(name + ": " + tensor + ", must be F32 [n, " + width + "]");
        }
        Objects.checkFromToIndex(from, to, tensor.shape(0));
    }

    /** Stores one token from element offsets of its F32 key and value, heads one after the other. */
    void writeToken(int layer, int row, int position, Tensor keys, long keyOffset, Tensor values, long valueOffset) {
        StepBlocks rowBlocks = blocks[cache.groupOf(layer)][row];
        KvLayout layout = rowBlocks.layout();
        int block = position / layout.blockSize();
        int slot = position % layout.blockSize();
        int inGroup = step.layerInGroup(layer);
        for (int head = 0; head < layout.shape().numKvHeads(); head++) {
            long headBytes = (long) head * layout.shape().headDim() * Float.BYTES;
            layout.writeKey(rowBlocks.segment(block), rowBlocks.blockByteOffset(block), inGroup, head, slot,
                    keys.segment(), keyOffset * Float.BYTES + headBytes);
            layout.writeValue(rowBlocks.segment(block), rowBlocks.blockByteOffset(block), inGroup, head, slot,
                    values.segment(), valueOffset * Float.BYTES + headBytes);
        }
    }
}
