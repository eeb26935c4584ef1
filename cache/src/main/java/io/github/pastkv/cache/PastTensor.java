package io.github.pastkv.cache;

import io.github.pastkv.cache.block.HeldBlocks;
import io.github.pastkv.cache.check.Require;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.LazyTensor;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;

/**
 * A snapshot of the keys or the values of a layer, {@code [batch, pos, kv_heads, d_head]} with zeros in padding slots.
 * For a windowed layer it contains the tokens that the next token attends to or, when returned by an append, those that
 * the appended tokens attend to: the sinks and the tokens from {@link #firstHeld} on; the others read as zero, as
 * padding does. It holds its blocks by reference count and copies nothing until read, so it stays valid and unchanged
 * after later appends, resets and the closing of the cache.
 *
 * <p>Close it to release the blocks; otherwise the garbage collector releases them eventually. Safe for any number of
 * reading threads.
 */
public final class PastTensor extends LazyTensor implements AutoCloseable {
    private static final Cleaner CLEANER = Cleaner.create();

    private final Hold hold;
    private final Cleaner.Cleanable cleanable;
    private final int layer;
    private final boolean ofKeys;
    private final AttentionMask mask;

    PastTensor(HeldBlocks[] rows, int layerInGroup, boolean ofKeys, AttentionMask mask) {
        KvShape shape = rows[0].layout().shape();
        super(rows.length, mask.numSlots(), shape.numKvHeads(), ofKeys ? shape.headDim() : shape.valueDim());
        this.hold = new Hold(rows);
        this.cleanable = CLEANER.register(this, hold);
        this.layer = layerInGroup;
        this.ofKeys = ofKeys;
        this.mask = mask;
    }

    @Override
    public float get(int row, int slot, int kvHead, int dim) {
        Require.index("row", row, shape(0));
        Require.index("slot", slot, shape(1));
        Require.index("kvHead", kvHead, shape(2));
        Require.index("dim", dim, shape(3));
        try {
            HeldBlocks blocks = hold.row(row);
            return mask.isReal(row, slot) ? read(blocks, mask.numReal(row, slot), kvHead, dim) : 0f;
        } finally {
            Reference.reachabilityFence(this); // or the cleaner could release the blocks during the read
        }
    }

    /** First position of a row that is included; 0 without a window. */
    public int firstHeld(int row) {
        Require.index("row", row, shape(0));
        return hold.row(row).firstHeld();
    }

    /** The first slot with a token in any row; earlier slots are zero in all rows. */
    public int firstShownSlot() {
        int numSlots = shape(1);
        for (int slot = 0; slot < numSlots; slot++) {
            for (int row = 0; row < shape(0); row++) {
                if (mask.isReal(row, slot) && hold.row(row).holds(mask.numReal(row, slot))) {
                    return slot;
                }
            }
        }
        return numSlots;
    }

    private float read(HeldBlocks blocks, int position, int kvHead, int dim) {
        return !blocks.holds(position) ? 0f : blocks.read(layer, ofKeys, position, kvHead, dim);
    }

    /** Releases the blocks; reading afterward is an {@code IllegalStateException}. Closing again does nothing. */
    @Override
    public void close() {
        cleanable.clean();
    }

    /** What the cleaner releases; must not refer to the tensor. */
    private static final class Hold implements Runnable {
        private final HeldBlocks[] rows;
        private volatile boolean released;

        Hold(HeldBlocks[] rows) {
            this.rows = rows;
        }

        HeldBlocks row(int row) {
            if (released) {
                throw new IllegalStateException("the past keys or values have been closed, or the cache that lent "
                        + "them was used again");
            }
            return rows[row];
        }

        @Override
        public void run() {
            released = true;
            for (HeldBlocks row : rows) {
                row.release();
            }
        }
    }
}
