package io.github.pastkv.cache;

import io.github.pastkv.cache.block.LayerGroupTables;
import io.github.pastkv.cache.block.StepBlocks;
import io.github.pastkv.cache.check.Require;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.cache.mask.SlotMask;
import io.github.pastkv.cache.radix.CachePrefixes;
import java.util.Arrays;

/**
 * The rows of a cache: the block tables of each layer group, the mask of all slots, and the length of each layer and
 * row. Each operation changes all of them together, and rejects bad input before anything has changed.
 */
final class CacheRows {
    private final LayerGroupTables[] groups;
    private final int[] groupOfLayer; // [L]
    private SlotMask mask;
    private CacheLengths lengths;
    private CachePrefixes prefixes;
    private boolean released;

    private CacheRows(LayerGroupTables[] groups, int[] groupOfLayer, SlotMask mask, CacheLengths lengths,
            CachePrefixes prefixes) {
        this.groups = groups;
        this.groupOfLayer = groupOfLayer;
        this.mask = mask;
        this.lengths = lengths;
        this.prefixes = prefixes;
    }

    /** Empty rows over these groups of layers. */
    static CacheRows empty(LayerGroupTables[] groups, int[] groupOfLayer, CachePrefixes prefixes) {
        int batchSize = prefixes.batchSize();
        return new CacheRows(groups, groupOfLayer, new SlotMask(batchSize),
                new CacheLengths(groupOfLayer.length, batchSize), prefixes);
    }

    /** The same rows for another cache: blocks are shared. */
    CacheRows fork() {
        CacheRows fork = new CacheRows(
                Arrays.stream(groups).map(LayerGroupTables::fork).toArray(LayerGroupTables[]::new), groupOfLayer,
                mask.copy(), lengths.copy(), prefixes.fork());
        fork.released = released;
        return fork;
    }

    CachePrefixes prefixes() {
        return prefixes;
    }

    LayerGroupTables[] groups() {
        return groups;
    }

    LayerGroupTables groupOf(int layer) {
        Require.index("layer", layer, groupOfLayer.length);
        return groups[groupOfLayer[layer]];
    }

    LayerGroupTables group(int index) {
        return groups[index];
    }

    int groupIndex(int layer) {
        return groupOfLayer[layer];
    }

    /** The blocks of a step or edit for each group and row, {@code [group][row]}. */
    StepBlocks[][] newStepBlocks() {
        StepBlocks[][] blocks = new StepBlocks[groups.length][batchSize()];
        for (int group = 0; group < groups.length; group++) {
            LayerGroupTables layers = groups[group];
            Arrays.setAll(blocks[group], row -> new StepBlocks(layers.storage(), layers.table(row)));
        }
        return blocks;
    }

    SlotMask mask() {
        return mask;
    }

    CacheLengths lengths() {
        return lengths;
    }

    int batchSize() {
        return lengths.batchSize();
    }

    /** Rejects layers of unequal length, naming them. */
    void requireEvenLayers() {
        int uneven = lengths.firstUnevenLayer();
        if (uneven >= 0) {
            throw new IllegalStateException("layers of unequal length: layer 0 holds " + lengths.numSlots(0)
                    + " slots, layer " + uneven + " holds " + lengths.numSlots(uneven));
        }
    }

    /** Rejects a stored mask that is longer than the layers. */
    void requireMaskInLayers() {
        if (mask.numSlots() > lengths.numSlots(0)) {
            throw new IllegalStateException(
                    "the stored mask has " + mask.numSlots() + " slots, the layers hold " + lengths.numSlots(0));
        }
    }

    /** Appends the mask of a step of all layers to the stored one. */
    void appendMask(AttentionMask newMask) {
        mask.extendTo(lengths.numSlots(0));
        mask.append(newMask);
    }

    /** Publishes the known and exact tokens to the index. */
    void publish() {
        if (!released) {
            prefixes.publish(groups);
        }
    }

    /** Publishes, and has the whole blocks at the ends of the texts written to a store beneath the index. */
    void endTexts() {
        if (!released) {
            publish();
            prefixes.endTexts();
        }
    }

    /** Fills empty rows from a snapshot; {@code blockIds} are those of its blocks, {@code [G][n]}. */
    void fill(KvSnapshot.Cache image, int[][] blockIds) {
        mask.append(image.mask());
        lengths.append(0, lengths.numLayers(), image.mask());
        for (int row = 0; row < batchSize(); row++) {
            KvSnapshot.Row from = image.rows().get(row);
            for (int group = 0; group < groups.length; group++) {
                KvSnapshot.Table table = from.tables().get(group);
                int of = group;
                groups[group].fill(row, Arrays.stream(table.blocks()).map(number -> blockIds[of][number]).toArray(),
                        table.numReleased(), table.firstHeld());
            }
            prefixes.fill(row, from.tokenIds(), from.numExact(), lengths.numTokens(0, row));
        }
    }

    /** Whether {@link #releaseBlocks} loses nothing: all tokens can be computed again, in as much memory as now. */
    boolean canRelease() {
        boolean sharesWhatIsComputedAgain = batchSize() == 1 || prefixes.isIndexed();
        if (released || !sharesWhatIsComputedAgain || lengths.firstUnevenLayer() >= 0 || heldBytes() == 0) {
            return false;
        }
        for (int row = 0; row < batchSize(); row++) {
            if (!prefixes.isKnownAndExact(row, lengths.numTokens(0, row))) {
                return false;
            }
        }
        return true;
    }

    /** Gives all blocks to the index, which may evict them; mask, lengths and token ids stay. */
    void releaseBlocks() {
        publish();
        resetTables();
        released = true;
    }

    boolean isReleased() {
        return released;
    }

    /** Puts empty rows in the place of released ones, whose tokens are then appended again; returns those. */
    CacheRows beginRestore() {
        CacheRows before = new CacheRows(groups, groupOfLayer, mask, lengths, prefixes);
        mask = new SlotMask(batchSize());
        prefixes = prefixes.emptied();
        lengths = new CacheLengths(groupOfLayer.length, before.batchSize());
        released = false;
        return before;
    }

    /** The tokens of {@code before} have been appended again, whatever their slots. */
    void endRestore(CacheRows before) {
        for (int row = 0; row < batchSize(); row++) {
            if (numTokens(row) != before.numTokens(row)) {
                throw new IllegalStateException("row " + row + " has " + numTokens(row) + " tokens again, it had "
                        + before.numTokens(row));
            }
        }
        mask = before.mask;
        lengths = before.lengths;
    }

    private int numTokens(int row) {
        return lengths.numTokens(0, row);
    }

    /** Drops what has been appended since {@link #beginRestore}. */
    void abandonRestore(CacheRows before) {
        releaseBlocks();
        mask = before.mask;
        lengths = before.lengths;
        prefixes = before.prefixes;
    }

    private void resetTables() {
        for (LayerGroupTables group : groups) {
            group.reset();
        }
        prefixes.forgetPublished();
    }

    /** Evicts blocks that have left the sliding windows. */
    void evictOutOfWindow() {
        for (LayerGroupTables group : groups) {
            if (group.storage().window().isBounded()) {
                for (int row = 0; row < batchSize(); row++) {
                    group.evictOutOfWindow(row, lengths.fewestTokens(group.storage(), row));
                }
            }
        }
    }

    /** Keeps the first slots of every row and layer; see {@link KvCache#truncate}. */
    void truncate(int newNumSlots) {
        for (int layer = 0; layer < lengths.numLayers(); layer++) {
            if (newNumSlots < 0 || newNumSlots > lengths.numSlots(layer)) {
                throw new IllegalArgumentException("newNumSlots: " + newNumSlots + ", layer " + layer + " holds "
                        + lengths.numSlots(layer) + " slots");
            }
        }
        AttentionMask kept = mask.slice(0, newNumSlots);
        for (int row = 0; row < batchSize(); row++) {
            requireHeld(row, kept.numReal(row));
        }
        for (int row = 0; row < batchSize(); row++) {
            keepTokens(row, kept.numReal(row));
        }
        lengths.setSlots(newNumSlots);
        mask.truncate(newNumSlots);
    }

    /** Keeps the first tokens of one row; see {@link KvCache#truncateRow}. */
    void truncateRow(int row, int newNumTokens) {
        requireEvenLayers();
        Require.index("row", row, batchSize());
        int numTokens = lengths.numTokens(0, row);
        if (newNumTokens < 0 || newNumTokens > numTokens) {
            throw new IllegalArgumentException(
                    "newNumTokens: " + newNumTokens + ", row " + row + " holds " + numTokens + " tokens");
        }
        requireHeld(row, newNumTokens);
        cutRow(row, newNumTokens);
    }

    private void cutRow(int row, int newNumTokens) {
        mask.extendTo(lengths.numSlots(0));
        keepTokens(row, newNumTokens);
        mask.maskFrom(row, newNumTokens);
        lengths.setSlots(mask.trim());
    }

    /** Drops the last tokens of every row. */
    void rewind(int numTokens) {
        requireEvenLayers();
        for (int row = 0; row < batchSize(); row++) {
            if (numTokens < 0 || numTokens > lengths.numTokens(0, row)) {
                throw new IllegalArgumentException("numTokens: " + numTokens + ", row " + row + " holds "
                        + lengths.numTokens(0, row) + " tokens");
            }
            requireHeld(row, lengths.numTokens(0, row) - numTokens);
        }
        for (int row = 0; row < batchSize(); row++) {
            cutRow(row, lengths.numTokens(0, row) - numTokens);
        }
    }

    /** Whether {@link #rewind} would succeed. */
    boolean canRewind(int numTokens) {
        for (int row = 0; row < batchSize(); row++) {
            int kept = lengths.numTokens(0, row) - numTokens;
            if (numTokens < 0 || kept < 0 || !canTruncate(row, kept)) {
                return false;
            }
        }
        return lengths.firstUnevenLayer() < 0;
    }

    private boolean canTruncate(int row, int numTokens) {
        for (LayerGroupTables group : groups) {
            if (!group.canTruncate(row, numTokens)) {
                return false;
            }
        }
        return true;
    }

    private void requireHeld(int row, int numTokens) {
        for (LayerGroupTables group : groups) {
            if (!group.canTruncate(row, numTokens)) {
                throw new IllegalArgumentException("tokens: row " + row + " cannot go back to " + numTokens
                        + ": layer " + group.storage().layer(0) + " (" + group.storage().window()
                        + ") has evicted what its next token would attend to; " + group.fewestTokens(row)
                        + " is the fewest (maxRewindTokens is " + group.maxRewindTokens() + ")");
            }
        }
    }

    /** Releases blocks and forgets token ids beyond the lengths of the rows. */
    void dropUncounted() {
        for (int row = 0; row < batchSize(); row++) {
            keepTokens(row, lengths.numTokens(0, row));
        }
    }

    boolean isWindowed() {
        return Arrays.stream(groups).anyMatch(group -> group.storage().window().isBounded());
    }

    private void keepTokens(int row, int numKept) {
        for (LayerGroupTables group : groups) {
            group.truncate(row, numKept);
        }
        lengths.setTokens(row, numKept);
        prefixes.truncate(row, numKept);
    }

    /** Makes row i what row {@code rows[i]} was. */
    void selectRows(int[] rows) {
        for (LayerGroupTables group : groups) {
            group.selectRows(rows);
        }
        mask.selectRows(rows);
        lengths.selectRows(rows);
        prefixes.selectRows(rows);
    }

    /** Appends rows of another cache of the pool, as derived ones. */
    void addRows(CacheRows other, int[] rows) {
        mask.extendTo(lengths.numSlots(0));
        other.mask.extendTo(other.lengths.numSlots(0));
        for (int group = 0; group < groups.length; group++) {
            groups[group].addRows(other.groups[group], rows);
        }
        mask.addRows(other.mask, rows);
        lengths.addRows(other.lengths, rows);
        prefixes.addDerivedRows(rows.length);
    }

    /** Empties the rows from {@code firstRow} on; their slots become padding. */
    void emptyRows(int firstRow) {
        mask.extendTo(lengths.numSlots(0));
        for (int row = firstRow; row < batchSize(); row++) {
            keepTokens(row, 0);
            mask.maskFrom(row, 0);
        }
    }

    void reset() {
        endTexts();
        resetTables();
        released = false;
        for (int row = 0; row < batchSize(); row++) {
            prefixes.truncate(row, 0);
        }
        mask.clear();
        lengths.clear();
    }

    long heldBytes() {
        return Arrays.stream(groups).mapToLong(LayerGroupTables::heldBytes).sum();
    }

    void close() {
        endTexts();
        for (LayerGroupTables group : groups) {
            group.close();
        }
    }
}
