package io.github.pastkv.cache.block;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvLayout;
import java.lang.foreign.MemorySegment;

/**
 * The blocks of one row, held for a reader: they do not change until {@link #release}, even if their cache does. For a
 * windowed row they cover what the token at one position and later tokens attend to.
 */
public final class HeldBlocks implements KvBlocks {
    private final LayerGroup storage;
    private final BlockTable table;
    private final int numFromTable;
    private final int[] ownBlockIds;
    private final int firstQuery;

    /**
     * Takes over the caller's references to {@code table} and {@code ownBlockIds}.
     *
     * @param numFromTable number of logical blocks from the table; the others are own blocks
     * @param firstQuery position of the first token that reads these blocks
     */
    HeldBlocks(LayerGroup storage, BlockTable table, int numFromTable, int[] ownBlockIds, int firstQuery) {
        this.storage = storage;
        this.table = table;
        this.numFromTable = numFromTable;
        this.ownBlockIds = ownBlockIds;
        this.firstQuery = firstQuery;
    }

    @Override
    public KvLayout layout() {
        return storage.layout();
    }

    /** First held position of the window; the sinks before it are held too. */
    public int firstHeld() {
        return storage.window().firstVisible(firstQuery);
    }

    /** Whether a position is held. */
    public boolean holds(int position) {
        return position >= firstHeld() || position < storage.window().numSinks();
    }

    private int blockId(int logicalBlock) {
        return logicalBlock < numFromTable ? table.blockId(logicalBlock) : ownBlockIds[logicalBlock - numFromTable];
    }

    @Override
    public MemorySegment segment(int logicalBlock) {
        return storage.blocks().segment(blockId(logicalBlock));
    }

    @Override
    public long blockByteOffset(int logicalBlock) {
        return storage.blocks().byteOffset(blockId(logicalBlock));
    }

    /** A second reference to the same blocks. */
    public HeldBlocks share() {
        for (int blockId : ownBlockIds) {
            storage.blocks().retain(blockId);
        }
        return new HeldBlocks(storage, table.retain(numFromTable), numFromTable, ownBlockIds, firstQuery);
    }

    public void release() {
        for (int blockId : ownBlockIds) {
            storage.blocks().release(blockId);
        }
        table.release();
    }
}
