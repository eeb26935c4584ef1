package io.github.pastkv.cache.block;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvLayout;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * One row's blocks as a step sees them: the first ones straight from the row's table, the rest its own. Own blocks are
 * new ones for new tokens, and copies of blocks that others hold too (copy on write). Reused from step to step.
 */
public final class StepBlocks implements KvBlocks {
    private final LayerGroup storage;
    private final KvLayout layout;
    private final BlockPool pool;
    private BlockTable rowTable;
    private BlockTable table; // the row's, or one from the prefix index
    private int pastLength;
    private int numFromTable;
    private int[] ownBlockIds = new int[2];
    private int numOwn;

    public StepBlocks(LayerGroup storage, BlockTable table) {
        this.storage = storage;
        this.layout = storage.layout();
        this.pool = storage.blocks();
        this.rowTable = table;
        this.table = table;
    }

    /** Takes over a table that holds more of the row's tokens than the row does; before the step is planned. */
    public void useTable(BlockTable found) {
        table = found;
    }

    /** Forgets the last step; {@code newRowTable} is the row's. */
    public void start(BlockTable newRowTable) {
        rowTable = newRowTable;
        table = newRowTable;
        numOwn = 0;
    }

    /**
     * Plans a step that writes positions {@code [pastTokens, kvLength)}.
     *
     * <pre>
     * logical block   0 ........ firstWritten ........ numFromTable ........ numNeeded
     * comes from      table, only read | table, written in place | own: new, or a copy of the table's
     * </pre>
     *
     * A block of the table is written in place where this row is its only holder and the prefix index does not promise
     * the slots to be written.
     *
     * @param mayWriteTable false when the row's own blocks must stay as they are
     * @param invalidateCached whether to write in place also where only the index promises the slots, which then evicts
     *        them
     * @return own blocks that the step needs
     */
    public int plan(int pastTokens, int kvLength, boolean mayWriteTable, boolean invalidateCached) {
        this.pastLength = pastTokens;
        int numNeeded = layout.numBlocks(kvLength);
        int firstWritten = pastTokens == kvLength ? numNeeded : pastTokens / layout.blockSize();
        numFromTable = firstWritten;
        while (mayWriteTable && numFromTable < Math.min(numNeeded, table.numBlocks())
                && isOurs(numFromTable, invalidateCached)) {
            numFromTable++;
        }
        numOwn = numNeeded - numFromTable;
        return numOwn;
    }

    private boolean isOurs(int logicalBlock, boolean invalidateCached) {
        int fromSlot = Math.max(0, pastLength - logicalBlock * layout.blockSize());
        return pool.isWritable(table.blockId(logicalBlock), fromSlot, invalidateCached);
    }

    /** The planned blocks are not to be had. */
    public void forgetPlan() {
        numOwn = 0;
    }

    /**
     * Takes over the planned blocks from {@code blockIds[from...]}, copies into them what they stand in for, counts
     * them.
     */
    public int begin(int[] blockIds, int from) {
        if (ownBlockIds.length < numOwn) {
            ownBlockIds = new int[Math.max(numOwn, 2 * ownBlockIds.length)];
        }
        System.arraycopy(blockIds, from, ownBlockIds, 0, numOwn);
        for (int i = 0; i < numOwn; i++) {
            if (numFromTable + i < table.numBlocks()) {
                pool.copy(table.blockId(numFromTable + i), ownBlockIds[i]);
            } else {
                pool.eraseIfReused(ownBlockIds[i]); // nobody may see what an earlier holder left
            }
        }
        return numOwn;
    }

    /** Makes the own blocks the row's; returns the row's table, which is a new one if others read the old. */
    public BlockTable commit() {
        boolean replaces = numOwn > 0 && numFromTable < table.numBlocks();
        BlockTable target = replaces && table.isShared() ? table.fork() : table;
        for (int i = 0; i < numOwn; i++) {
            if (numFromTable + i < target.numBlocks()) {
                target.replace(numFromTable + i, ownBlockIds[i]);
            } else {
                target.append(ownBlockIds[i]);
            }
        }
        if (target != table) {
            table.releaseByOwner();
        }
        if (rowTable != table) {
            rowTable.releaseByOwner();
        }
        start(target);
        return target;
    }

    /** Lets go of the own blocks. */
    public void rollBack() {
        for (int i = 0; i < numOwn; i++) {
            pool.release(ownBlockIds[i]);
        }
        if (rowTable != table) {
            table.releaseByOwner();
        }
        start(rowTable);
    }

    /** All that the step's tokens see, held for a reader, whether the step is taken over or not. */
    public HeldBlocks hold() {
        int[] held = Arrays.copyOf(ownBlockIds, numOwn);
        for (int blockId : held) {
            pool.retain(blockId);
        }
        return new HeldBlocks(storage, table.retain(numFromTable), numFromTable, held, pastLength);
    }

    @Override
    public KvLayout layout() {
        return layout;
    }

    private int blockId(int logicalBlock) {
        return logicalBlock < numFromTable ? table.blockId(logicalBlock) : ownBlockIds[logicalBlock - numFromTable];
    }

    @Override
    public MemorySegment segment(int logicalBlock) {
        return pool.segment(blockId(logicalBlock));
    }

    @Override
    public long blockByteOffset(int logicalBlock) {
        return pool.byteOffset(blockId(logicalBlock));
    }
}
