package io.github.pastkv.cache;

import io.github.pastkv.cache.block.Allocation;
import io.github.pastkv.cache.block.LayerGroupTables;
import io.github.pastkv.cache.block.StepBlocks;
import io.github.pastkv.cache.check.Require;
import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.tensor.Tensor;
import java.util.Arrays;

/**
 * An edit of keys and values stored in a cache, from a position on in each row. {@link #commit} applies all changes at
 * once. The edit works on copies of the blocks that it may change, so forks and snapshots are unaffected, and the cache
 * is unchanged until the commit.
 *
 * <p>The commit marks the rows as {@linkplain KvCache#markDerived derived} from the first edited position on, as their
 * content no longer follows from the token ids. Only one edit or step of a cache may be open at a time; for one thread.
 */
public final class KvEdit implements AutoCloseable {
    private final CacheRows rows;
    private final StepBlocks[][] blocks; // [group][row]
    private final int[] fromPositions; // [B]
    private final int[] firstWritten; // [B]
    private final Tensor number;
    private boolean open;

    /** Plans and allocates; throws before anything has changed. */
    KvEdit(CacheRows rows, int[] fromPositions) {
        LayerGroupTables[] groups = rows.groups();
        int headDim = groups[0].layout().shape().headDim();
        this.rows = rows;
        this.blocks = rows.newStepBlocks();
        this.fromPositions = fromPositions.clone();
        this.firstWritten = new int[rows.batchSize()];
        this.number = Tensor.zeros(headDim);
        Arrays.fill(firstWritten, Integer.MAX_VALUE);
        int numBegun = 0;
        try {
            for (; numBegun < groups.length; numBegun++) {
                begin(groups[numBegun], blocks[numBegun]);
            }
            open = true;
        } finally {
            if (!open) {
                Arrays.stream(blocks, 0, numBegun).flatMap(Arrays::stream).forEach(StepBlocks::rollBack);
            }
        }
    }

    /** Rejects first positions beyond the ends of their rows. */
    static void requirePositions(CacheRows rows, int[] fromPositions) {
        for (int row = 0; row < fromPositions.length; row++) {
            Require.index("fromPositions", fromPositions[row], rows.lengths().numTokens(0, row) + 1);
        }
    }

    private void begin(LayerGroupTables group, StepBlocks[] rowBlocks) {
        int numBlocks = 0;
        for (int row = 0; row < rowBlocks.length; row++) {
            int numTokens = rows.lengths().numTokens(0, row);
            int from = Math.min(Math.max(fromPositions[row], group.firstBlockedPosition(row)), numTokens);
            rowBlocks[row].start(group.table(row));
            numBlocks += rowBlocks[row].plan(from, numTokens, false, false);
        }
        int[] allocated = new int[numBlocks];
        if (group.pool().tryAllocate(numBlocks, allocated, 0) instanceof Allocation.Exhausted exhausted) {
            throw new PoolExhaustedException(exhausted);
        }
        int from = 0;
        for (StepBlocks row : rowBlocks) {
            from += row.begin(allocated, from);
        }
    }

    /**
     * Replaces the key of one head, rounded to the storage type.
     *
     * @param numbers {@code headDim} floats
     * @throws IllegalArgumentException for a position before the edit's first, or one that a window has evicted
     */
    public void setKey(int layer, int row, int position, int kvHead, float... numbers) {
        set(true, new int[] {layer, row, position, kvHead}, numbers);
    }

    /**
     * Replaces the value of one head; see {@link #setKey}.
     *
     * @throws IllegalArgumentException also for a latent, whose value is part of its key
     */
    public void setValue(int layer, int row, int position, int kvHead, float... numbers) {
        if (rows.group(0).layout().shape().isLatent()) {
            throw new IllegalArgumentException("numbers: the value of a latent is part of its key, set that");
        }
        set(false, new int[] {layer, row, position, kvHead}, numbers);
    }

    private void set(boolean ofKeys, int[] place, float[] numbers) {
        requireOpen();
        KvShape shape = rows.group(0).layout().shape();
        int layer = Require.index("layer", place[0], rows.lengths().numLayers());
        int row = Require.index("row", place[1], rows.batchSize());
        int position = Require.index("position", place[2], rows.lengths().numTokens(0, row));
        int kvHead = Require.index("kvHead", place[3], shape.numKvHeads());
        requireHeld(layer, row, position);
        if (numbers.length != shape.headDim()) {
            throw new IllegalArgumentException(
                    "numbers: " + numbers.length + ", a head has " + shape.headDim());
        }
        for (int dim = 0; dim < numbers.length; dim++) {
            number.set(numbers[dim], dim);
        }
        StepBlocks rowBlocks = blocks[rows.groupIndex(layer)][row];
        KvLayout layout = rowBlocks.layout();
        int block = position / layout.blockSize();
        int slot = position % layout.blockSize();
        int inGroup = rows.groupOf(layer).storage().layerInGroup(layer);
        if (ofKeys) {
            layout.writeKey(rowBlocks.segment(block), rowBlocks.blockByteOffset(block), inGroup, kvHead, slot,
                    number.segment(), 0);
        } else {
            layout.writeValue(rowBlocks.segment(block), rowBlocks.blockByteOffset(block), inGroup, kvHead, slot,
                    number.segment(), 0);
        }
        firstWritten[row] = Math.min(firstWritten[row], position);
    }

    private void requireHeld(int layer, int row, int position) {
        int from = Math.max(fromPositions[row], rows.groupOf(layer).table(row).firstHeld());
        if (position < from) {
            throw new IllegalArgumentException("position: " + position + ", this edit may change row " + row
                    + " of layer " + layer + " from " + from + " on");
        }
    }

    /** Applies the edit to the cache. */
    public void commit() {
        requireOpen();
        for (int group = 0; group < blocks.length; group++) {
            for (int row = 0; row < blocks[group].length; row++) {
                rows.group(group).setTable(row, blocks[group][row].commit());
            }
        }
        close();
        for (int row = 0; row < firstWritten.length; row++) {
            if (firstWritten[row] < Integer.MAX_VALUE) {
                rows.prefixes().markDerived(row, firstWritten[row]);
            }
        }
    }

    boolean isOpen() {
        return open;
    }

    private void requireOpen() {
        if (!open) {
            throw new IllegalStateException("the edit has ended");
        }
    }

    /** Ends the edit and discards changes that were not committed. */
    @Override
    public void close() {
        if (open) {
            open = false;
            for (StepBlocks[] group : blocks) {
                for (StepBlocks rowBlocks : group) {
                    rowBlocks.rollBack();
                }
            }
        }
    }
}
