package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.Allocation;
import io.github.pastkv.cache.block.BlockPool;
import io.github.pastkv.cache.block.LayerGroup;
import io.github.pastkv.cache.block.PoolBudget;
import io.github.pastkv.cache.prefix.PrefixIndex.Pin;
import io.github.pastkv.cache.prefix.PrefixMissReason;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Loads blocks from the store below an index. A block enters the index only after its chunk is verified: key, origin,
 * token ids, sizes and checksums. It then counts as exact. Anything else is a miss. The chunk in which a text leaves
 * the stored ones, or ends, gives its leading blocks. The store is called without holding a lock, on threads of its
 * own, a few chunks at a time; of several texts that lack the same block one loads it and the others wait.
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
    private final AtomicLong loadNanos = new AtomicLong();
    private final LoadsUnderWay loads = new LoadsUnderWay();
    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(0, Integer.MAX_VALUE, 1, TimeUnit.SECONDS,
            new SynchronousQueue<>(), task -> Thread.ofPlatform().daemon().name("pastkv-store-reader").unstarted(task));

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
        BlockKey awaited = null;
        while (true) {
            StoreLookup lookup;
            Pin before;
            synchronized (budget) {
                lookup = lookup(namespace, tokenIds, numTokens);
                if (lookup.lacksNothing() || (awaited != null && awaited.equals(lookup.firstLackingKey()))) {
                    return null; // the load that was waited for has not brought it
                }
                before = lookup.numNodes() == 0 ? null : pin.apply(lookup.node(lookup.numNodes() - 1));
            }
            try {
                Runnable end = loads.beginOrAwait(lookup.firstLackingKey());
                if (end != null) {
                    return load(lookup, pin, end);
                }
                awaited = lookup.firstLackingKey();
            } finally {
                if (before != null) {
                    before.close();
                }
            }
        }
    }

    private @Nullable Pin load(StoreLookup lookup, IntFunction<Pin> pin, Runnable end) {
        long start = System.nanoTime();
        try {
            List<int[]> loaded = loadBlocks(lookup);
            return loaded.isEmpty() ? null : new Loaded(publish(lookup, loaded, pin), loaded);
        } finally {
            loadNanos.addAndGet(System.nanoTime() - start);
            end.run();
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
     * @param end the chunk after them that shares most with the text; null for none
     * @param next what is known of the rest
     */
    private record Plan(List<ChunkKey> complete, @Nullable ChunkKey end, StoreRun.Next next) {}

    /** Asks for complete chunks, and for the one after them that shares most. */
    private Plan plan(StoreLookup lookup) {
        List<ChunkKey> complete = lookup.completeChunks();
        StoreRun run = chunks.find(complete);
        complete = complete.subList(0, Math.min(run.numChunks(), complete.size()));
        int from = endOf(complete, lookup);
        if (from >= lookup.numBlocks()) {
            return new Plan(complete, null, StoreRun.Next.NONE_ASKED);
        }
        StoreResult<ChunkKey> sharing = chunks.findSharing(lookup.longestChunk(from));
        StoreRun.Next next = run.next() == StoreRun.Next.NONE_ASKED ? StoreRun.Next.MISSING : run.next();
        return new Plan(complete, sharing instanceof StoreResult.Found<ChunkKey>(ChunkKey key) ? key : null,
                sharing instanceof StoreResult.Retry ? StoreRun.Next.RETRY : next);
    }

    /** The block after leading complete chunks. */
    private int endOf(List<ChunkKey> complete, StoreLookup lookup) {
        return lookup.firstChunkBlock() + complete.size() * binding.chunkBlocks();
    }

    /**
     * Loads consecutive blocks from the first incomplete one on; returns the ids of each, {@code [G]}, held for the
     * caller.
     */
    private List<int[]> loadBlocks(StoreLookup lookup) {
        List<int[]> loaded = new ArrayList<>();
        Plan plan = plan(lookup);
        int end = endOf(plan.complete(), lookup);
        try (ChunkLoads atEnd = new ChunkLoads(chunks, lookup, threads);
                ChunkLoads before = new ChunkLoads(chunks, lookup, threads)) {
            ChunkReader.Match last = plan.end() == null ? null : lastChunk(atEnd, plan.end(), end);
            if (last != null && end + last.numBlocks() <= lookup.firstLacking()) {
                last = null;
            }
            int numBlocks = end + (last == null ? 0 : last.numBlocks());
            lookup.endAt(numBlocks);
            if (loadComplete(lookup, plan.complete(), before, loaded)) {
                copyBlocks(lookup, end, numBlocks, last, loaded);
            }
        }
        return loaded;
    }

    /** The chunk in which a text leaves the stored ones: the end of what is needed follows from it. */
    private ChunkReader.@Nullable Match lastChunk(ChunkLoads loads, ChunkKey key, int from) {
        loads.begin(key, from);
        return loads.await(key.numBlocks() * tree.blockSize());
    }

    /** Loads complete chunks, a few ahead; false where one of them is missing. */
    private boolean loadComplete(StoreLookup lookup, List<ChunkKey> complete, ChunkLoads ahead, List<int[]> loaded) {
        int size = binding.chunkBlocks();
        int begun = 0;
        for (int i = 0; i < complete.size(); i++) {
            for (; begun < complete.size() && ahead.hasRoom(); begun++) {
                int first = lookup.firstChunkBlock() + begun * size;
                if (lacksAny(lookup, first, first + size)) {
                    ahead.begin(complete.get(begun), first);
                }
            }
            int from = lookup.firstChunkBlock() + i * size;
            boolean isAsked = lacksAny(lookup, from, from + size);
            ChunkReader.Match chunk = isAsked ? ahead.await(size * tree.blockSize()) : null;
            boolean isWhole = copyBlocks(lookup, from, from + size, chunk, loaded);
            if (!isWhole) {
                return false;
            }
            if (isAsked) {
                ahead.used();
            }
        }
        return true;
    }

    private static boolean lacksAny(StoreLookup lookup, int from, int end) {
        for (int block = Math.max(from, lookup.firstLacking()); block < end; block++) {
            if (lookup.lacks(block)) {
                return true;
            }
        }
        return false;
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

    /**
     * What the store says of a text.
     *
     * @param reason why it does not extend a hit; null where it has no part in that
     * @param lines what each of its places says
     */
    record Explanation(@Nullable PrefixMissReason reason, List<String> lines) {}

    /**
     * Explains the store's part in a lookup; not under the lock.
     *
     * @param asks whether to look what is there, or only to tell what was refused
     */
    Explanation explain(PrefixNamespace namespace, int[] tokenIds, boolean asks) {
        StoreLookup lookup;
        synchronized (budget) {
            lookup = lookup(namespace, tokenIds, tokenIds.length);
        }
        List<ChunkKey> all = chunksOf(namespace, tokenIds);
        List<String> lines = all.isEmpty() ? List.of() : chunks.explain(all, asks);
        return new Explanation(!asks || lookup.lacksNothing() ? null : missReason(lookup), lines);
    }

    /** Names of all chunks of a text, the last of which may be incomplete. */
    private List<ChunkKey> chunksOf(PrefixNamespace namespace, int[] tokenIds) {
        List<ChunkKey> all = new ArrayList<>();
        List<BlockKey> blocks = new ArrayList<>();
        BlockKey key = binding.rootKey(namespace);
        int numBlocks = tokenIds.length / tree.blockSize();
        for (int block = 0; block < numBlocks; block++) {
            key = key.next(tokenIds, block * tree.blockSize(), (block + 1) * tree.blockSize());
            blocks.add(key);
            if (blocks.size() == binding.chunkBlocks() || block == numBlocks - 1) {
                all.add(ChunkKey.of(blocks));
                blocks.clear();
            }
        }
        return all;
    }

    private @Nullable PrefixMissReason missReason(StoreLookup lookup) {
        Plan plan = plan(lookup);
        int endBlock = endOf(plan.complete(), lookup);
        if (plan.end() != null) {
            try (ChunkLoads atEnd = new ChunkLoads(chunks, lookup, threads)) {
                ChunkReader.Match last = lastChunk(atEnd, plan.end(), endBlock);
                endBlock += last == null ? 0 : last.numBlocks();
            }
        }
        if (endBlock > lookup.firstLacking()) {
            return new PrefixMissReason.InStore(endBlock * tree.blockSize());
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

    /** A step has computed tokens. */
    void computed(int numTokens, long nanos) {
        chunks.computed(numTokens, nanos);
    }

    /** Ends the threads when what they read has come. */
    void close() {
        threads.shutdown();
    }

    long numTokensLoaded() {
        return numTokensLoaded.get();
    }

    long loadNanos() {
        return loadNanos.get();
    }

    long numRefused() {
        return chunks.numRefused();
    }
}
