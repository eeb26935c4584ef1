package io.github.pastkv.cache;

import io.github.pastkv.cache.block.BlockPool;
import io.github.pastkv.cache.block.BlockTable;
import io.github.pastkv.cache.block.LayerGroup;
import io.github.pastkv.cache.layout.KvLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads caches of one pool into a {@link KvSnapshot}. */
public final class SnapshotTaker {
    private final List<KvCache> caches;
    private final LayerGroup[] groups;
    private final List<Map<Integer, Used>> used = new ArrayList<>(); // [G], by block id, in the order of their numbers

    /** A block and how many of its slots are those of a row. */
    private static final class Used {
        private final int number;
        private int numSlots;

        Used(int number) {
            this.number = number;
        }
    }

    private SnapshotTaker(List<KvCache> caches) {
        if (caches.isEmpty()) {
            throw new IllegalArgumentException("caches: none");
        }
        this.caches = caches;
        this.groups = caches.getFirst().pool().groups();
        for (KvCache cache : caches) {
            if (cache.pool() != caches.getFirst().pool()) {
                throw new IllegalArgumentException("caches: of several pools, so they cannot share blocks");
            }
            cache.requireWhole();
        }
        Arrays.stream(groups).forEach(_ -> used.add(new LinkedHashMap<>()));
    }

    /**
     * A snapshot of caches of one pool, such as forks of each other.
     *
     * @throws IllegalArgumentException for caches of several pools, or none
     * @throws IllegalStateException when layers of a cache differ in length or flag, its blocks have been released, or
     *         a step is open
     */
    public static KvSnapshot take(List<KvCache> caches) {
        return new SnapshotTaker(caches).take();
    }

    private KvSnapshot take() {
        List<KvSnapshot.Cache> taken = caches.stream().map(this::cache).toList();
        List<List<MemorySegment>> blocks = new ArrayList<>();
        for (int group = 0; group < groups.length; group++) {
            int of = group;
            blocks.add(used.get(group).entrySet().stream()
                    .map(block -> content(groups[of], block.getKey(), block.getValue().numSlots)).toList());
        }
        return new KvSnapshot(PoolStorage.fields(caches.getFirst().config(), groups), taken, blocks);
    }

    private KvSnapshot.Cache cache(KvCache cache) {
        List<KvSnapshot.Row> rows = new ArrayList<>();
        for (int row = 0; row < cache.batchSize(); row++) {
            List<KvSnapshot.Table> tables = new ArrayList<>();
            for (int group = 0; group < groups.length; group++) {
                tables.add(table(group, cache.group(group).table(row), cache.numTokens(row)));
            }
            rows.add(new KvSnapshot.Row(cache.knownTokenIds(row), cache.numExactTokens(row), tables));
        }
        return new KvSnapshot.Cache(cache.frozen(), cache.slotMask().slice(0, cache.numSlots()), rows);
    }

    private KvSnapshot.Table table(int group, BlockTable table, int numTokens) {
        int blockSize = groups[group].layout().blockSize();
        List<Integer> numbers = new ArrayList<>();
        for (int block = 0; block < table.numBlocks(); block++) {
            if (table.holds(block)) {
                Map<Integer, Used> known = used.get(group);
                Used use = known.computeIfAbsent(table.blockId(block), _ -> new Used(known.size()));
                use.numSlots = Math.clamp(numTokens - (long) block * blockSize, use.numSlots, blockSize);
                numbers.add(use.number);
            }
        }
        return new KvSnapshot.Table(table.firstHeld(), table.numBlocks() - numbers.size(),
                numbers.stream().mapToInt(number -> number).toArray());
    }

    /** A block in the pool; a copy with zeros for slots that no row uses, which may have numbers of other texts. */
    private static MemorySegment content(LayerGroup group, int blockId, int numSlots) {
        BlockPool pool = group.blocks();
        MemorySegment block = pool.segment(blockId).asSlice(pool.byteOffset(blockId), pool.blockBytes());
        KvLayout layout = group.layout();
        if (numSlots == layout.blockSize()) {
            return block;
        }
        MemorySegment copy = MemorySegment.ofArray(new byte[Math.toIntExact(block.byteSize())]).copyFrom(block);
        MemorySegment zeros = MemorySegment.ofArray(new float[layout.shape().headDim()]);
        for (int layer = 0; layer < layout.shape().numLayers(); layer++) {
            for (int head = 0; head < layout.shape().numKvHeads(); head++) {
                for (int slot = numSlots; slot < layout.blockSize(); slot++) {
                    layout.writeKey(copy, 0, layer, head, slot, zeros, 0);
                    layout.writeValue(copy, 0, layer, head, slot, zeros, 0);
                }
            }
        }
        return copy;
    }
}
