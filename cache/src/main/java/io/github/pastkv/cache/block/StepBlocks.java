package io.github.pastkv.cache.block;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvLayout;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The blocks of one row during a step: the first ones come from the row's table, the others are the step's own. Own
 * blocks are new blocks for new tokens, and copies of shared blocks (copy-on-write). Reused from step to step.
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

    /** Takes over a table with more of the row's tokens than the row has; called before the step is planned. */
    public void useTable(BlockTable found) {
        table = found;
    }

    /** Resets for a new step over {@code newRowTable}. */
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
     * A block of the table is written in place if this row is its only holder and the slots to be written do not belong
     * to the prefix index.
     *
     * @param mayWriteTable false if the blocks of the row must not change
     * @param invalidateCached whether to write in place even if the slots belong to the index, which then evicts them
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

    /** Called when the allocation of the planned blocks fails. */
    public void forgetPlan() {
        numOwn = 0;
    }

    /**
     * Takes over the planned blocks from {@code blockIds[from...]}, copies the blocks that they replace into them, and
     * counts them.
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
                pool.eraseIfReused(ownBlockIds[i]); // data of an earlier holder must not be exposed
            }
        }
        return numOwn;
    }

    /** Adds the own blocks to the row's table and returns it; a new table if others read the old one. */
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

    /** Releases the own blocks. */
    public void rollBack() {
        for (int i = 0; i < numOwn; i++) {
            pool.release(ownBlockIds[i]);
        }
        if (rowTable != table) {
            table.releaseByOwner();
        }
        start(rowTable);
    }

    /** The blocks that the step's tokens attend to, held for a reader, whether or not the step is committed. */
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
    public int sharedTo(KvBlocks other, int fromBlock, int toBlock) {
        if (!(other instanceof StepBlocks step) || step.pool != pool) {
            return fromBlock; // pools share no memory
        }
        int to = Math.min(toBlock, Math.min(numFromTable, step.numFromTable)); // own blocks are shared with nobody
        return table.sharedTo(step.table, fromBlock, Math.max(fromBlock, to));
    }

    @Override
    public MemorySegment segment(int logicalBlock) {
        return pool.segment(blockId(logicalBlock));
    }

    @Override
    public long blockByteOffset(int logicalBlock) {
        return pool.byteOffset(blockId(logicalBlock));
    }

    @Override
    public String toString() {
        return "StepBlocks[" + pastLength + " tokens before the step, " + layout + "]";
    }
}
