package io.github.pastkv.cache;

import java.lang.foreign.MemorySegment;

/**
 * One row's blocks, held for a reader: they stay as they are, whatever becomes of the cache they were taken from, until
 * {@link #release}.
 */
final class HeldBlocks implements KvBlocks {
    private final KvLayout layout;
    private final BlockPool pool;
    private final BlockTable table;
    private final int numFromTable;
    private final int[] ownBlockIds;

    /**
     * Takes over the caller's hold on {@code table} and on {@code ownBlockIds}.
     *
     * @param numFromTable logical blocks below this are the table's, the others own
     */
    HeldBlocks(KvLayout layout, BlockPool pool, BlockTable table, int numFromTable, int[] ownBlockIds) {
        this.layout = layout;
        this.pool = pool;
        this.table = table;
        this.numFromTable = numFromTable;
        this.ownBlockIds = ownBlockIds;
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

    /** A second holder of the same blocks. */
    HeldBlocks share() {
        for (int blockId : ownBlockIds) {
            pool.retain(blockId);
        }
        return new HeldBlocks(layout, pool, table.retain(numFromTable), numFromTable, ownBlockIds);
    }

    void release() {
        for (int blockId : ownBlockIds) {
            pool.release(blockId);
        }
        table.release();
    }
}
