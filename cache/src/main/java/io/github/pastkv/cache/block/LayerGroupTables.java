package io.github.pastkv.cache.block;

import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvWindow;
import java.util.Arrays;
import java.util.BitSet;

/** One cache's rows in the layers of equal storage type and window, which share a block table for each row. */
public final class LayerGroupTables {
    private final LayerGroup storage;
    private final int maxRewindTokens;
    private BlockTable[] tables;

    private LayerGroupTables(LayerGroup storage, int maxRewindTokens, BlockTable[] tables) {
        this.storage = storage;
        this.maxRewindTokens = maxRewindTokens;
        this.tables = tables;
    }

    /** The groups of an empty cache. */
    public static LayerGroupTables[] emptyOf(LayerGroup[] groups, int maxRewindTokens, int batchSize) {
        return Arrays.stream(groups).map(storage -> empty(storage, maxRewindTokens, batchSize))
                .toArray(LayerGroupTables[]::new);
    }

    private static LayerGroupTables empty(LayerGroup storage, int maxRewindTokens, int batchSize) {
        BlockTable[] tables = new BlockTable[batchSize];
        Arrays.setAll(tables, _ -> new BlockTable(storage));
        return new LayerGroupTables(storage, maxRewindTokens, tables);
    }

    /** The same rows for another cache. */
    public LayerGroupTables fork() {
        BlockTable[] forked = Arrays.stream(tables).map(BlockTable::fork).toArray(BlockTable[]::new);
        return new LayerGroupTables(storage, maxRewindTokens, forked);
    }

    public int maxRewindTokens() {
        return maxRewindTokens;
    }

    public LayerGroup storage() {
        return storage;
    }

    public KvLayout layout() {
        return storage.layout();
    }

    public BlockPool pool() {
        return storage.blocks();
    }

    /** The rows' tables. */
    BlockTable[] tables() {
        return tables;
    }

    public BlockTable table(int row) {
        return tables[row];
    }

    public void setTable(int row, BlockTable table) {
        tables[row] = table;
    }

    /** A row's first tokens, those that the next one sees, held for a reader. */
    public HeldBlocks hold(int row, int numTokens) {
        int numBlocks = layout().numBlocks(numTokens);
        return new HeldBlocks(storage, tables[row].retain(numBlocks), numBlocks, new int[0], numTokens);
    }

    public float read(int layer, int row, boolean ofKeys, int position, int kvHead, int dim) {
        KvLayout layout = layout();
        int blockId = tables[row].blockId(position / layout.blockSize());
        int slot = position % layout.blockSize();
        int inGroup = storage.layerInGroup(layer);
        return ofKeys
                ? layout.readKey(pool().segment(blockId), pool().byteOffset(blockId), inGroup, kvHead, slot, dim)
                : layout.readValue(pool().segment(blockId), pool().byteOffset(blockId), inGroup, kvHead, slot, dim);
    }

    /**
     * Lets go of a row's blocks that no later token sees, nor would see after going back by {@code maxRewindTokens}.
     *
     * @param numTokens tokens of the row in the layer that has the fewest
     */
    public void evictOutOfWindow(int row, int numTokens) {
        KvWindow window = storage.window();
        int firstHeld = window.firstVisible(Math.max(0, numTokens - maxRewindTokens));
        if (firstHeld <= Math.max(window.numSinks(), tables[row].firstHeld())) {
            return;
        }
        tables[row].setFirstHeld(firstHeld);
        if (tables[row].canReleaseBefore(firstHeld, layout().blockSize())) {
            unshare(row);
            tables[row].releaseBefore(firstHeld, layout().blockSize());
        }
    }

    /** The first position from which on a row has all blocks. */
    public int firstBlockedPosition(int row) {
        return tables[row].firstBlockInLine() * layout().blockSize();
    }

    /** Whether a position of a row is held: later tokens, or a rewind of the stated distance, may ask for it. */
    public boolean holds(int row, int position) {
        return position >= tables[row].firstHeld() || position < storage.window().numSinks();
    }

    /** The fewest tokens to which a row can go back: the next token must see all that it would have seen. */
    public int fewestTokens(int row) {
        int firstHeld = tables[row].firstHeld();
        return firstHeld == 0 ? 0 : firstHeld + storage.window().numTokens() - 1;
    }

    /** Whether a row can go back to its first {@code numTokens} tokens. */
    public boolean canTruncate(int row, int numTokens) {
        return numTokens <= storage.window().numSinks() || numTokens >= fewestTokens(row);
    }

    /** Keeps a row's first tokens; readers of the others keep theirs. */
    public void truncate(int row, int numTokens) {
        unshare(row);
        tables[row].truncate(layout().numBlocks(numTokens));
        if (numTokens <= storage.window().numSinks()) {
            tables[row].setFirstHeld(0);
        }
    }

    /** Leaves a row's table to its readers, if there are any, and goes on with a copy. */
    private void unshare(int row) {
        BlockTable table = tables[row];
        if (table.isShared()) {
            tables[row] = table.fork();
            table.releaseByOwner();
        }
    }

    /** Makes row i what row {@code rows[i]} was; blocks are shared, not copied. */
    public void selectRows(int[] rows) {
        BlockTable[] selected = new BlockTable[rows.length];
        for (int i = 0; i < rows.length; i++) {
            selected[i] = tables[rows[i]].fork();
        }
        for (BlockTable table : tables) {
            table.releaseByOwner();
        }
        tables = selected;
    }

    /** Puts rows of another cache of the pool behind; blocks are shared, not copied. */
    public void addRows(LayerGroupTables other, int[] rows) {
        int numBefore = tables.length;
        tables = Arrays.copyOf(tables, numBefore + rows.length);
        for (int i = 0; i < rows.length; i++) {
            tables[numBefore + i] = other.tables[rows[i]].fork();
        }
    }

    /** Empties all rows, in time that depends on the number of blocks only. */
    public void reset() {
        for (int row = 0; row < tables.length; row++) {
            tables[row].releaseByOwner();
            tables[row] = new BlockTable(storage);
        }
    }

    /** Bytes of the blocks in the rows' tables, each counted once. */
    public long heldBytes() {
        BitSet blockIds = new BitSet();
        for (BlockTable table : tables) {
            for (int i = 0; i < table.numHeldBlocks(); i++) {
                blockIds.set(table.heldBlockId(i));
            }
        }
        return blockIds.cardinality() * layout().blockBytes();
    }

    public void close() {
        for (BlockTable table : tables) {
            table.releaseByOwner();
        }
    }
}
