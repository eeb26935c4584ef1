package io.github.pastkv.cache.block;

import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvWindow;
import java.util.Arrays;
import java.util.BitSet;

/** The block tables of one cache for one layer group: one table per row, shared by all layers of the group. */
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

    /** Fills an empty row with held blocks, to each of which it adds a reference. */
    public void fill(int row, int[] blockIds, int numReleased, int firstHeld) {
        BlockTable table = tables[row];
        int numFirst = numReleased == 0 ? blockIds.length : storage.numSinkBlocks();
        appendAll(table, blockIds, 0, numFirst);
        if (numReleased > 0) {
            table.skipTo(numFirst + numReleased, firstHeld);
        }
        appendAll(table, blockIds, numFirst, blockIds.length);
        table.setFirstHeld(firstHeld);
    }

    private void appendAll(BlockTable table, int[] blockIds, int from, int to) {
        for (int i = from; i < to; i++) {
            pool().retain(blockIds[i]);
            table.append(blockIds[i]);
        }
    }

    /** The leading tokens of a row that the next token attends to, held for a reader. */
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
     * Releases the blocks of a row that no later token attends to, not even after a rewind by {@code maxRewindTokens}.
     *
     * @param numTokens minimum number of tokens of the row over the layers
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

    /** Whether a position of a row is held, for later tokens or for a rewind. */
    public boolean holds(int row, int position) {
        return position >= tables[row].firstHeld() || position < storage.window().numSinks();
    }

    /**
     * The minimum number of tokens that a row can be rewound to, such that the next token still finds all tokens that
     * it attends to.
     */
    public int fewestTokens(int row) {
        int firstHeld = tables[row].firstHeld();
        return firstHeld == 0 ? 0 : firstHeld + storage.window().numTokens() - 1;
    }

    /** Whether a row can be rewound to its first {@code numTokens} tokens. */
    public boolean canTruncate(int row, int numTokens) {
        return numTokens <= storage.window().numSinks() || numTokens >= fewestTokens(row);
    }

    /** Keeps the first tokens of a row; readers of removed tokens are unaffected. */
    public void truncate(int row, int numTokens) {
        unshare(row);
        tables[row].truncate(layout().numBlocks(numTokens));
        if (numTokens <= storage.window().numSinks()) {
            tables[row].setFirstHeld(0);
        }
    }

    /** Replaces a row's table by a copy if it has readers. */
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

    /** Appends rows of another cache of the pool; blocks are shared, not copied. */
    public void addRows(LayerGroupTables other, int[] rows) {
        int numBefore = tables.length;
        tables = Arrays.copyOf(tables, numBefore + rows.length);
        for (int i = 0; i < rows.length; i++) {
            tables[numBefore + i] = other.tables[rows[i]].fork();
        }
    }

    /** Empties all rows, in time proportional to the number of blocks. */
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
