package io.github.pastkv.cache;

import io.github.pastkv.cache.block.Allocation;
import io.github.pastkv.cache.block.BlockPool;
import io.github.pastkv.cache.block.LayerGroup;
import io.github.pastkv.cache.layout.KvWindow;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Fills empty caches of one pool from a {@link KvSnapshot}; everything is checked before anything changes. */
public final class SnapshotRestorer {
    private final KvSnapshot snapshot;
    private final List<KvCache> caches;
    private final LayerGroup[] groups;

    private SnapshotRestorer(KvSnapshot snapshot, List<KvCache> caches) {
        require(!caches.isEmpty() && caches.size() == snapshot.caches().size(), "caches: " + caches.size()
                + ", the snapshot has " + snapshot.caches().size());
        this.snapshot = snapshot;
        this.caches = caches;
        this.groups = caches.getFirst().pool().groups();
    }

    /**
     * Fills empty caches of one pool, which must be stored as the snapshot's were.
     *
     * @param empty as many as the snapshot has, of as many rows
     * @throws IllegalArgumentException for caches that differ, and for numbers that do not fit each other; nothing has
     *         changed
     * @throws PoolExhaustedException when the pool has too few blocks; nothing has changed
     */
    public static void restore(KvSnapshot snapshot, List<KvCache> empty) {
        new SnapshotRestorer(snapshot, empty).restore();
    }

    private void restore() {
        requireFitting();
        int[][] blockIds = new int[groups.length][];
        try {
            for (int group = 0; group < groups.length; group++) {
                blockIds[group] = copyBlocks(groups[group].blocks(), snapshot.blocks().get(group));
            }
            for (int i = 0; i < caches.size(); i++) {
                caches.get(i).fill(snapshot.caches().get(i), blockIds);
            }
        } finally { // the rows hold them now
            for (int group = 0; group < groups.length && blockIds[group] != null; group++) {
                Arrays.stream(blockIds[group]).forEach(groups[group].blocks()::release);
            }
        }
    }

    private static int[] copyBlocks(BlockPool pool, List<MemorySegment> blocks) {
        int[] blockIds = new int[blocks.size()];
        if (pool.tryAllocate(blockIds.length, blockIds, 0) instanceof Allocation.Exhausted exhausted) {
            throw new PoolExhaustedException(exhausted);
        }
        for (int i = 0; i < blockIds.length; i++) {
            MemorySegment.copy(blocks.get(i), 0, pool.segment(blockIds[i]), pool.byteOffset(blockIds[i]),
                    pool.blockBytes());
        }
        return blockIds;
    }

    private void requireFitting() {
        Map<String, String> storage = new TreeMap<>(PoolStorage.fields(caches.getFirst().config(), groups));
        storage.forEach((name, text) -> require(text.equals(snapshot.storage().get(name)),
                name + ": " + snapshot.storage().get(name) + ", the cache has " + text));
        require(snapshot.blocks().size() == groups.length,
                "layer groups: " + snapshot.blocks().size() + ", the cache has " + groups.length);
        for (int group = 0; group < groups.length; group++) {
            long bytes = groups[group].layout().blockBytes();
            snapshot.blocks().get(group).forEach(block -> require(block.byteSize() == bytes,
                    "block: " + block.byteSize() + " bytes, the cache's have " + bytes));
        }
        for (int i = 0; i < caches.size(); i++) {
            requireFitting(caches.get(i), snapshot.caches().get(i));
        }
    }

    private void requireFitting(KvCache cache, KvSnapshot.Cache image) {
        require(cache.pool() == caches.getFirst().pool(), "caches: of several pools");
        require(cache.numSlots() == 0, "cache: holds " + cache.numSlots() + " slots, must be empty");
        require(cache.batchSize() == image.rows().size() && image.mask().batchSize() == image.rows().size(),
                "rows: " + image.rows().size() + ", the cache has " + cache.batchSize());
        for (int row = 0; row < image.rows().size(); row++) {
            int numTokens = image.mask().numReal(row);
            KvSnapshot.Row from = image.rows().get(row);
            require(numTokens <= cache.config().maxTokens(),
                    "row " + row + ": " + numTokens + " tokens, the limit is " + cache.config().maxTokens());
            require(from.tokenIds().length <= numTokens && from.numExact() >= 0 && from.numExact() <= numTokens,
                    "row " + row + ": " + from.tokenIds().length + " ids and " + from.numExact() + " exact tokens of "
                            + numTokens);
            require(from.tables().size() == groups.length,
                    "row " + row + ": " + from.tables().size() + " tables, there are " + groups.length + " groups");
            for (int group = 0; group < groups.length; group++) {
                requireFitting("row " + row + ", layer group " + group, numTokens, from.tables().get(group), group);
            }
        }
    }

    /** What the next token attends to must be there. */
    private void requireFitting(String where, int numTokens, KvSnapshot.Table table, int group) {
        KvWindow window = groups[group].window();
        int blockSize = groups[group].layout().blockSize();
        int numSinkBlocks = groups[group].numSinkBlocks();
        require(table.numReleased() >= 0
                && table.blocks().length + table.numReleased() == groups[group].layout().numBlocks(numTokens),
                where + ": " + table.blocks().length + " blocks and " + table.numReleased() + " released ones for "
                        + numTokens + " tokens");
        int inLine = table.numReleased() == 0 ? 0 : (numSinkBlocks + table.numReleased()) * blockSize;
        require(table.firstHeld() >= inLine && table.firstHeld() <= Math.max(0, window.firstVisible(numTokens))
                && (table.numReleased() == 0 || table.blocks().length >= numSinkBlocks),
                where + ": holds tokens from " + table.firstHeld() + " of " + numTokens + " on, with " + window);
        int numBlocks = snapshot.blocks().get(group).size();
        for (int number : table.blocks()) {
            require(number >= 0 && number < numBlocks, where + ": block " + number + " of " + numBlocks);
        }
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
