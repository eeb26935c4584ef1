package io.github.pastkv.cache;

import io.github.pastkv.cache.block.HeldBlocks;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.LazyTensor;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.Objects;

/**
 * The keys or the values that a layer held at one moment, {@code [batch, pos, kv_heads, d_head]} with pads in their
 * slots (zeros there). Of a windowed layer it shows what the next token sees, or, from an append, what the appended
 * tokens see: the sinks and the tokens from {@link #firstHeld} on; the others read zero, as pads do. It holds its
 * blocks by count and copies nothing until read, so it stays valid and unchanged after later appends, resets and the
 * closing of the cache.
 *
 * <p>Close it to let go of the blocks; if it is forgotten, the garbage collector does in the end. Safe for any number
 * of reading threads.
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
        super(rows.length, mask.numSlots(), shape.numKvHeads(), shape.headDim());
        this.hold = new Hold(rows);
        this.cleanable = CLEANER.register(this, hold);
        this.layer = layerInGroup;
        this.ofKeys = ofKeys;
        this.mask = mask;
    }

    @Override
    public float get(int row, int slot, int kvHead, int dim) {
        Objects.checkIndex(row, shape(0));
        Objects.checkIndex(slot, shape(1));
        Objects.checkIndex(kvHead, shape(2));
        Objects.checkIndex(dim, shape(3));
        try {
            HeldBlocks blocks = hold.row(row);
            return mask.isReal(row, slot) ? read(blocks, mask.numReal(row, slot), kvHead, dim) : 0f;
        } finally {
            Reference.reachabilityFence(this); // or the cleaner could let go of the blocks in the midst of the read
        }
    }

    /** First position of a row's window that is shown; 0 without a window. */
    public int firstHeld(int row) {
        Objects.checkIndex(row, shape(0));
        return hold.row(row).firstHeld();
    }

    /** The first slot that shows a token in any row: those before are zero in all of them. */
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

    /** Lets go of the blocks; reading afterwards is an {@link IllegalStateException}. Closing again does nothing. */
    @Override
    public void close() {
        cleanable.clean();
    }

    /** What the cleaner lets go of; must not refer to the tensor. */
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
