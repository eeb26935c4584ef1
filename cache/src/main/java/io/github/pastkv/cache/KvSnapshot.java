package io.github.pastkv.cache;

import io.github.pastkv.cache.mask.AttentionMask;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;

/**
 * What one or more caches of a pool hold, as data that can be written to a file and restored in another process: masks,
 * token ids, what is exact, and blocks. A block that several rows or caches share is there once. Slots of a block that
 * no row uses are zeros, so that a snapshot has nothing of other texts.
 *
 * <p>{@link SnapshotTaker} takes one, {@link SnapshotRestorer} fills caches from it. Its segments may be those of the
 * pool: it is valid while the caches do not change.
 *
 * @param storage how the pool stores, in words (docs/format.md)
 * @param caches the caches, in order
 * @param blocks distinct blocks by layer group, {@code [G][n]}, each of the group's block size in bytes
 */
public record KvSnapshot(Map<String, String> storage, List<Cache> caches, List<List<MemorySegment>> blocks) {
    public KvSnapshot {
        storage = Map.copyOf(storage);
        caches = List.copyOf(caches);
        blocks = blocks.stream().map(List::copyOf).toList();
    }

    /**
     * One cache.
     *
     * @param mask of all slots, {@code [B, N]}
     * @param rows {@code [B]}
     */
    public record Cache(boolean frozen, AttentionMask mask, List<Row> rows) {
        public Cache {
            rows = List.copyOf(rows);
        }
    }

    /**
     * One row.
     *
     * @param tokenIds known ids, up to the first token without one
     * @param numExact leading tokens that are a function of model and token ids
     * @param tables one for each layer group, {@code [G]}
     */
    @SuppressWarnings("ArrayRecordComponent") // arrays of ids as everywhere; snapshots are never compared
    public record Row(int[] tokenIds, int numExact, List<Table> tables) {
        public Row {
            tables = List.copyOf(tables);
        }
    }

    /**
     * The block table of a row in a layer group.
     *
     * @param firstHeld first position from which on a window holds all tokens; sinks are held too
     * @param numReleased blocks between sinks and window that are held no longer
     * @param blocks numbers of the held blocks in {@link KvSnapshot#blocks}, in order of position
     */
    @SuppressWarnings("ArrayRecordComponent") // arrays of ids as everywhere; snapshots are never compared
    public record Table(int firstHeld, int numReleased, int[] blocks) {}
}
