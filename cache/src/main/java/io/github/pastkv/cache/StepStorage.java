package io.github.pastkv.cache;

import io.github.pastkv.cache.block.Allocation;
import io.github.pastkv.cache.block.BlockPool;
import io.github.pastkv.cache.block.StepBlocks;
import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvRangeException;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;

/**
 * The blocks of a step in each layer group and row. They are allocated all together or not at all, written, and then
 * either committed to the block tables of the rows or rolled back. Reused from step to step.
 */
final class StepStorage {
    private final CacheRows rows;
    private final StepBlocks[][] blocks; // [group][row]
    private int[] allocated = new int[16];
    private int fromGroup;
    private int toGroup;

    StepStorage(CacheRows rows) {
        this.rows = rows;
        this.blocks = rows.newStepBlocks();
    }

    /** The next step is one of all layers. */
    void useAllGroups() {
        fromGroup = 0;
        toGroup = blocks.length;
    }

    /** The next step is one of this layer. */
    void useGroupOf(int layer) {
        fromGroup = rows.groupIndex(layer);
        toGroup = fromGroup + 1;
    }

    /** A row's blocks in a layer. */
    StepBlocks of(int layer, int row) {
        return blocks[rows.groupIndex(layer)][row];
    }

    /**
     * Takes prefixes from the index if {@code reuses}, numbers the tokens that are left, and allocates their blocks;
     * all or nothing.
     *
     * @param layout numbers all tokens of {@code newMask}; afterward those that must be computed
     * @param allowCopy whether blocks shared with the index may be copied; if not, only whole blocks are reused, and
     *        blocks that are shared with the index only are invalidated there and written in place
     */
    Allocation allocate(StepLayout layout, AttentionMask newMask, boolean stores, boolean reuses, boolean allowCopy) {
        boolean granted = false;
        try {
            for (int group = fromGroup; group < toGroup; group++) {
                for (int row = 0; row < layout.numRows(); row++) {
                    blocks[group][row].start(rows.group(group).table(row));
                }
            }
            if (reuses) {
                acquirePrefixes(layout, newMask, allowCopy);
            }
            Allocation result = Allocation.Granted.INSTANCE;
            for (int group = fromGroup; group < toGroup && result instanceof Allocation.Granted; group++) {
                result = allocate(group, layout, stores, allowCopy);
            }
            granted = result instanceof Allocation.Granted;
            return result;
        } finally {
            if (!granted) {
                rollBack();
            }
        }
    }

    private void acquirePrefixes(StepLayout layout, AttentionMask newMask, boolean allowCopy) {
        for (int row = 0; row < layout.numRows(); row++) {
            layout.setNumReused(row, rows.prefixes().acquirePrefix(row, rows.lengths().numTokens(0, row),
                    newMask.numReal(row), allowCopy, blocks));
        }
        layout.number(rows.lengths(), 0, newMask);
    }

    private Allocation allocate(int group, StepLayout layout, boolean stores, boolean allowCopy) {
        int numBlocks = 0;
        for (int row = 0; row < layout.numRows(); row++) {
            numBlocks += blocks[group][row].plan(layout.pastLength(row), layout.kvLength(row), stores, !allowCopy);
        }
        Allocation result = allocate(rows.group(group).pool(), numBlocks);
        int from = 0;
        for (StepBlocks rowBlocks : blocks[group]) {
            if (result instanceof Allocation.Granted) {
                from += rowBlocks.begin(allocated, from);
            } else {
                rowBlocks.forgetPlan();
            }
        }
        return result;
    }

    private Allocation allocate(BlockPool pool, int numBlocks) {
        if (allocated.length < numBlocks) {
            allocated = new int[Math.max(numBlocks, 2 * allocated.length)];
        }
        return pool.tryAllocate(numBlocks, allocated, 0);
    }

    /**
     * Stores one token from element offsets of its F32 key and value, heads one after the other.
     *
     * @throws IllegalArgumentException for a number beyond the range of the storage type
     */
    void writeToken(int layer, int row, int position, Tensor keys, long keyOffset, Tensor values, long valueOffset) {
        StepBlocks rowBlocks = of(layer, row);
        KvLayout layout = rowBlocks.layout();
        int block = position / layout.blockSize();
        int slot = position % layout.blockSize();
        int inGroup = rows.groupOf(layer).storage().layerInGroup(layer);
        try {
            for (int head = 0; head < layout.shape().numKvHeads(); head++) {
                long headBytes = (long) head * layout.shape().headDim() * Float.BYTES;
                layout.writeKey(rowBlocks.segment(block), rowBlocks.blockByteOffset(block), inGroup, head, slot,
                        keys.segment(), keyOffset * Float.BYTES + headBytes);
                layout.writeValue(rowBlocks.segment(block), rowBlocks.blockByteOffset(block), inGroup, head, slot,
                        values.segment(), valueOffset * Float.BYTES + headBytes);
            }
        } catch (KvRangeException e) {
            throw e.at("layer " + layer + ", row " + row + ", position " + position);
        }
    }

    /** Makes the blocks those of the rows. */
    void commit() {
        for (int group = fromGroup; group < toGroup; group++) {
            for (int row = 0; row < blocks[group].length; row++) {
                rows.group(group).setTable(row, blocks[group][row].commit());
            }
        }
    }

    /** Releases all blocks that have not been committed. */
    void rollBack() {
        for (int group = fromGroup; group < toGroup; group++) {
            for (StepBlocks rowBlocks : blocks[group]) {
                rowBlocks.rollBack();
            }
        }
    }
}
