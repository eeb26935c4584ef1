package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.Allocation;
import io.github.pastkv.cache.block.BlockPool;
import io.github.pastkv.cache.block.LayerGroup;
import io.github.pastkv.cache.block.PoolBudget;
import io.github.pastkv.cache.prefix.PrefixIndex.Pin;
import io.github.pastkv.cache.prefix.PrefixMissReason;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Loads blocks from the store below an index. A block enters the index only after its chunk is verified: key, origin,
 * token ids, sizes and checksums. It then counts as exact. Anything else is a miss. The chunk in which a text leaves
 * the stored ones, or ends, gives its leading blocks. The store is called without holding a lock.
 */
final class StoreReader {
    private static final int NONE = PrefixTree.NONE;

    private final StoreBinding binding;
    private final ChunkReader chunks;
    private final LayerGroup[] groups;
    private final PoolBudget budget;
    private final PrefixTree tree;
    private final MatchTables matchTables;
    private final PrefixMatch match = new PrefixMatch(); // under the budget's lock
    private final AtomicLong numTokensLoaded = new AtomicLong();

    StoreReader(StoreBinding binding, LayerGroup[] groups, PrefixTree tree, MatchTables matchTables) {
        this.binding = binding;
        this.chunks = new ChunkReader(binding.store());
        this.groups = groups;
        this.budget = groups[0].blocks().budget();
        this.tree = tree;
        this.matchTables = matchTables;
    }

    /** Under the budget's lock. */
    private StoreLookup lookup(PrefixNamespace namespace, int[] tokenIds, int numTokens) {
        return new StoreLookup(binding, groups, tree, matchTables, match, namespace, tokenIds, numTokens);
    }

    /**
     * Loads the blocks of the first {@code numTokens} tokens of a text that the index lacks.
     *
     * @param pin protects a node and its ancestors from eviction, under the budget's lock
     * @return the lock on the last available block, or null if nothing was loaded
     */
    @Nullable
    Pin load(PrefixNamespace namespace, int[] tokenIds, int numTokens, IntFunction<Pin> pin) {
        StoreLookup lookup;
        Pin before;
        synchronized (budget) {
            lookup = lookup(namespace, tokenIds, numTokens);
            if (lookup.lacksNothing()) {
                return null;
            }
            before = lookup.numNodes() == 0 ? null : pin.apply(lookup.node(lookup.numNodes() - 1));
        }
        try {
            List<int[]> loaded = loadBlocks(lookup);
            return loaded.isEmpty() ? null : new Loaded(publish(lookup, loaded, pin), loaded);
        } finally {
            if (before != null) {
                before.close();
            }
        }
    }

    /** Holds loaded blocks until the step has acquired them: those of windowed groups would be evicted otherwise. */
    private final class Loaded implements Pin {
        private final Pin pin;
        private final List<int[]> blockIds;

        Loaded(Pin pin, List<int[]> blockIds) {
            this.pin = pin;
            this.blockIds = blockIds;
        }

        @Override
        public int numTokens() {
            return pin.numTokens();
        }

        @Override
        public void close() {
            blockIds.forEach(StoreReader.this::release);
            blockIds.clear();
            pin.close();
        }
    }

    /**
     * What the store has of a text.
     *
     * @param complete leading complete chunks
     * @param end the chunk after them whose leading blocks match; null for none
     * @param endBlock the block after all of these
     * @param next what is known of the rest
     */
    private record Plan(List<ChunkKey> complete, ChunkReader.@Nullable Match end, int endBlock, StoreRun.Next next) {
        boolean isEmpty() {
            return complete.isEmpty() && end == null;
        }
    }

    /** Asks for complete chunks, then loads the one after them that shares most. */
    private Plan plan(StoreLookup lookup, SegmentAllocator memory) {
        List<ChunkKey> complete = lookup.completeChunks();
        StoreRun run = chunks.find(complete);
        complete = complete.subList(0, Math.min(run.numChunks(), complete.size()));
        int from = lookup.firstChunkBlock() + complete.size() * binding.chunkBlocks();
        if (from >= lookup.numBlocks()) {
            return new Plan(complete, null, from, StoreRun.Next.NONE_ASKED);
        }
        StoreResult<ChunkKey> sharing = chunks.findSharing(lookup.longestChunk(from));
        if (sharing instanceof StoreResult.Found<ChunkKey>(ChunkKey key)) {
            ChunkReader.Match end = chunks.get(lookup, key, from, memory);
            if (end != null && from + end.numBlocks() > lookup.firstLacking()) {
                return new Plan(complete, end, from + end.numBlocks(), StoreRun.Next.MISSING);
            }
        }
        StoreRun.Next next = run.next() == StoreRun.Next.NONE_ASKED ? StoreRun.Next.MISSING : run.next();
        return new Plan(complete, null, from, sharing instanceof StoreResult.Retry ? StoreRun.Next.RETRY : next);
    }

    /**
     * Loads consecutive blocks from the first incomplete one on; returns the ids of each, {@code [G]}, held for the
     * caller.
     */
    private List<int[]> loadBlocks(StoreLookup lookup) {
        List<int[]> loaded = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            Plan plan = plan(lookup, arena);
            lookup.endAt(plan.endBlock());
            ReusedMemory memory = new ReusedMemory(arena);
            int from = lookup.firstChunkBlock();
            for (ChunkKey key : plan.complete()) {
                int end = from + key.numBlocks();
                ChunkReader.Match chunk = lacksAny(lookup, from, end) ? chunks.get(lookup, key, from, memory) : null;
                if (!copyBlocks(lookup, from, end, chunk, loaded)) {
                    return loaded;
                }
                from = end;
            }
            copyBlocks(lookup, from, plan.endBlock(), plan.end(), loaded);
        }
        return loaded;
    }

    private static boolean lacksAny(StoreLookup lookup, int from, int end) {
        for (int block = Math.max(from, lookup.firstLacking()); block < end; block++) {
            if (lookup.lacks(block)) {
                return true;
            }
        }
        return false;
    }

    /** Memory for one chunk after the other. */
    private static final class ReusedMemory implements SegmentAllocator {
        private static final long ALIGNMENT = 64;
        private final Arena arena;
        private MemorySegment last = MemorySegment.NULL;

        ReusedMemory(Arena arena) {
            this.arena = arena;
        }

        @Override
        public MemorySegment allocate(long byteSize, long byteAlignment) {
            if (last.byteSize() < byteSize) {
                last = arena.allocate(byteSize, Math.max(ALIGNMENT, byteAlignment));
            }
            return last.asSlice(0, byteSize);
        }
    }

    /** Copies what is lacking of blocks {@code [from, end)}; false where the chunk or room in the pool is missing. */
    private boolean copyBlocks(StoreLookup lookup, int from, int end, ChunkReader.@Nullable Match chunk,
            List<int[]> loaded) {
        int numCopied = 0;
        int block = Math.max(from, lookup.firstLacking());
        for (boolean goesOn = true; goesOn && block < end; block += goesOn ? 1 : 0) {
            int[] blockIds = noBlocks();
            goesOn = !lookup.lacks(block) || (chunk != null && block - from < chunk.numBlocks()
                    && copyBlock(lookup, block, chunk, block - from, blockIds));
            if (goesOn) {
                numCopied += lookup.lacks(block) ? 1 : 0;
                loaded.add(blockIds);
            }
        }
        if (chunk != null && numCopied > 0) {
            chunks.used(chunk, numCopied * tree.blockSize());
        }
        return block >= end;
    }

    /** Copies what is lacking of a block of the text into the pool; false where that has no room. */
    private boolean copyBlock(StoreLookup lookup, int block, ChunkReader.Match chunk, int blockInChunk,
            int[] blockIds) {
        for (int group = 0; group < groups.length; group++) {
            MemorySegment part = chunk.chunk().part(blockInChunk, group);
            if (lookup.lacks(block, group) && part != null) {
                BlockPool pool = groups[group].blocks();
                if (!(pool.tryAllocate(1, blockIds, group) instanceof Allocation.Granted)) {
                    blockIds[group] = NONE;
                    release(blockIds);
                    return false;
                }
                MemorySegment.copy(part, 0, pool.segment(blockIds[group]), pool.byteOffset(blockIds[group]),
                        pool.blockBytes());
            }
        }
        return true;
    }

    private int[] noBlocks() {
        int[] blockIds = new int[groups.length];
        Arrays.fill(blockIds, NONE);
        return blockIds;
    }

    /** Adds loaded blocks to the index. */
    private Pin publish(StoreLookup lookup, List<int[]> loaded, IntFunction<Pin> pin) {
        synchronized (budget) {
            int first = lookup.firstLacking();
            int parent = first == 0 ? tree.rootFor(lookup.namespace()) : lookup.node(first - 1);
            for (int i = 0; i < loaded.size(); i++) {
                int from = (first + i) * tree.blockSize();
                parent = tree.put(parent, lookup.tokenIds(), from, from + tree.blockSize(), loaded.get(i));
                tree.setStored(parent, true);
                numTokensLoaded.addAndGet(first + i < lookup.numNodes() ? 0 : tree.blockSize());
            }
            return pin.apply(parent);
        }
    }

    private void release(int[] blockIds) {
        for (int group = 0; group < groups.length; group++) {
            if (blockIds[group] != NONE) {
                groups[group].blocks().release(blockIds[group]);
            }
        }
    }

    /** The reason why the store does not extend a hit, or null; not under the lock. */
    @Nullable
    PrefixMissReason explain(PrefixNamespace namespace, int[] tokenIds) {
        StoreLookup lookup;
        synchronized (budget) {
            lookup = lookup(namespace, tokenIds, tokenIds.length);
        }
        if (lookup.lacksNothing()) {
            return null;
        }
        Plan plan;
        try (Arena arena = Arena.ofConfined()) {
            plan = plan(lookup, arena);
        }
        if (!plan.isEmpty()) {
            return new PrefixMissReason.InStore(plan.endBlock() * tree.blockSize());
        }
        return switch (plan.next()) {
            case PENDING -> new PrefixMissReason.StorePending();
            case RETRY -> new PrefixMissReason.StoreUnavailable();
            case MISSING, NONE_ASKED -> {
                String fault = chunks.refusalOf(lookup.longestChunk(lookup.firstChunkBlock()));
                yield fault == null ? null : new PrefixMissReason.StoreRefused(fault);
            }
        };
    }

    long numTokensLoaded() {
        return numTokensLoaded.get();
    }

    long numRefused() {
        return chunks.numRefused();
    }
}
