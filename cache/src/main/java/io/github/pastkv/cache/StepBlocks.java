package io.github.pastkv.cache;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * One row's blocks as a step sees them: the first ones straight from the row's table, the rest its own. Own blocks are
 * new ones for new tokens, and copies of blocks that others hold too (copy on write). Reused from step to step.
 */
final class StepBlocks implements KvBlocks {
    private final KvLayout layout;
    private final BlockPool pool;
    private BlockTable table;
    private int numFromTable;
    private int[] ownBlockIds = new int[2];
    private int numOwn;

    StepBlocks(KvLayout layout, BlockPool pool, BlockTable table) {
        this.layout = layout;
        this.pool = pool;
        this.table = table;
    }

    /** One for each group and row, {@code [group][row]}. */
    static StepBlocks[][] forAll(LayerGroup[] groups, int batchSize) {
        StepBlocks[][] blocks = new StepBlocks[groups.length][batchSize];
        for (int group = 0; group < groups.length; group++) {
            LayerGroup layers = groups[group];
            Arrays.setAll(blocks[group], row -> new StepBlocks(layers.layout(), layers.pool(), layers.table(row)));
        }
        return blocks;
    }

    /**
     * Plans a step that writes positions {@code [pastLength, kvLength)}.
     *
     * @param mayWriteTable false when the row's own blocks must stay as they are
     * @return own blocks that the step needs
     */
    int plan(BlockTable rowTable, int pastLength, int kvLength, boolean mayWriteTable) {
        this.table = rowTable;
        int numNeeded = layout.numBlocks(kvLength);
        int firstWritten = pastLength == kvLength ? numNeeded : pastLength / layout.blockSize();
        numFromTable = firstWritten;
        while (mayWriteTable && numFromTable < Math.min(numNeeded, table.numBlocks()) && isOurs(numFromTable)) {
            numFromTable++;
        }
        numOwn = numNeeded - numFromTable;
        return numOwn;
    }

    private boolean isOurs(int logicalBlock) {
        return pool.refCount(table.blockId(logicalBlock)) == 1;
    }

    /** Takes over the planned blocks from {@code blockIds[from...]}, copies into them what they stand in for, counts them. */
    int begin(int[] blockIds, int from) {
        if (ownBlockIds.length < numOwn) {
            ownBlockIds = new int[Math.max(numOwn, 2 * ownBlockIds.length)];
        }
        System.arraycopy(blockIds, from, ownBlockIds, 0, numOwn);
        for (int i = 0; i < numOwn && numFromTable + i < table.numBlocks(); i++) {
            pool.copy(table.blockId(numFromTable + i), ownBlockIds[i]);
        }
        return numOwn;
    }

    /** Makes the own blocks the row's; returns the row's table, which is a new one if others read the old. */
    BlockTable commit() {
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
            table = target;
        }
        numOwn = 0;
        return target;
    }

    /** Lets go of the own blocks. */
    void rollBack() {
        for (int i = 0; i < numOwn; i++) {
            pool.release(ownBlockIds[i]);
        }
        numOwn = 0;
    }

    /** The own blocks, held by the caller from now on, beside the table's first ones. */
    HeldBlocks detach() {
        HeldBlocks held = new HeldBlocks(layout, pool, table.retain(numFromTable), numFromTable,
                Arrays.copyOf(ownBlockIds, numOwn));
        numOwn = 0;
        return held;
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
