package io.github.pastkv.cache;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Layers of equal storage type and window, which share a block table for each row. A layer's number within the group is
 * its number less {@code fromLayer}.
 */
final class LayerGroup {
    private final KvLayout layout;
    private final BlockPool pool;
    private final int fromLayer;
    private BlockTable[] tables;

    private LayerGroup(KvLayout layout, BlockPool pool, int fromLayer, BlockTable[] tables) {
        this.layout = layout;
        this.pool = pool;
        this.fromLayer = fromLayer;
        this.tables = tables;
    }

    /** The groups of an empty cache. */
    static LayerGroup[] emptyOf(KvPool pool, int batchSize) {
        return Arrays.stream(pool.groups()).map(storage -> empty(storage, batchSize)).toArray(LayerGroup[]::new);
    }

    private static LayerGroup empty(LayerStorage storage, int batchSize) {
        BlockTable[] tables = new BlockTable[batchSize];
        Arrays.setAll(tables, _ -> new BlockTable(storage.blocks()));
        return new LayerGroup(storage.layout(), storage.blocks(), storage.fromLayer(), tables);
    }

    /** The same rows for another cache. */
    LayerGroup fork() {
        BlockTable[] forked = Arrays.stream(tables).map(BlockTable::fork).toArray(BlockTable[]::new);
        return new LayerGroup(layout, pool, fromLayer, forked);
    }

    KvLayout layout() {
        return layout;
    }

    BlockPool pool() {
        return pool;
    }

    int layerInGroup(int layer) {
        return layer - fromLayer;
    }

    boolean holds(int layer) {
        return layer >= fromLayer && layer < fromLayer + layout.shape().numLayers();
    }

    BlockTable table(int row) {
        return tables[row];
    }

    void setTable(int row, BlockTable table) {
        tables[row] = table;
    }

    /** A row's first tokens, held for a reader. */
    HeldBlocks hold(int row, int numTokens) {
        int numBlocks = layout.numBlocks(numTokens);
        return new HeldBlocks(layout, pool, tables[row].retain(numBlocks), numBlocks, new int[0]);
    }

    float read(int layer, int row, boolean ofKeys, int position, int kvHead, int dim) {
        int blockId = tables[row].blockId(position / layout.blockSize());
        int slot = position % layout.blockSize();
        return ofKeys
                ? layout.readKey(pool.segment(blockId), pool.byteOffset(blockId), layerInGroup(layer), kvHead, slot,
                        dim)
                : layout.readValue(pool.segment(blockId), pool.byteOffset(blockId), layerInGroup(layer), kvHead, slot,
                        dim);
    }

    /** Keeps a row's first tokens; readers of the others keep theirs. */
    void truncate(int row, int numTokens) {
        BlockTable table = tables[row];
        int numKept = Math.min(layout.numBlocks(numTokens), table.numBlocks());
        if (table.isShared()) {
            tables[row] = table.fork();
            table.releaseByOwner();
        }
        tables[row].truncate(numKept);
    }

    /** Makes row i what row {@code rows[i]} was; blocks are shared, not copied. */
    void selectRows(int[] rows) {
        BlockTable[] selected = new BlockTable[rows.length];
        for (int i = 0; i < rows.length; i++) {
            selected[i] = tables[rows[i]].fork();
        }
        for (BlockTable table : tables) {
            table.releaseByOwner();
        }
        tables = selected;
    }

    /** Empties all rows, in time that depends on the number of blocks only. */
    void reset() {
        for (int row = 0; row < tables.length; row++) {
            tables[row].releaseByOwner();
            tables[row] = new BlockTable(pool);
        }
    }

    /** Bytes of the blocks in the rows' tables, each counted once. */
    long heldBytes() {
        BitSet blockIds = new BitSet();
        for (BlockTable table : tables) {
            for (int i = 0; i < table.numBlocks(); i++) {
                blockIds.set(table.blockId(i));
            }
        }
        return blockIds.cardinality() * layout.blockBytes();
    }

    void close() {
        for (BlockTable table : tables) {
            table.releaseByOwner();
        }
    }
}
