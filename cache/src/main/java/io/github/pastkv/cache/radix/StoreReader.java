package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.Allocation;
import io.github.pastkv.cache.block.BlockPool;
import io.github.pastkv.cache.block.LayerGroup;
import io.github.pastkv.cache.block.PoolBudget;
import io.github.pastkv.cache.prefix.PrefixIndex.Pin;
import io.github.pastkv.cache.prefix.PrefixMissReason;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.BlockOrigin;
import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import io.github.pastkv.cache.store.StoredChunk;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Loads blocks from the store below an index. A block enters the index only after its key, token ids, sizes and
 * checksum are verified; it then counts as exact. Anything else is a miss, whose reason is recorded for
 * {@link io.github.pastkv.cache.prefix.PrefixIndex#explain}. The store is called without holding a lock.
 */
final class StoreReader {
    private static final int NONE = PrefixTree.NONE;
    private static final int MAX_REFUSED = 1024;

    private final StoreBinding binding;
    private final LayerGroup[] groups;
    private final PoolBudget budget;
    private final PrefixTree tree;
    private final MatchTables matchTables;
    private final PrefixMatch match = new PrefixMatch(); // under the budget's lock
    private final AtomicLong numTokensLoaded = new AtomicLong();
    private final AtomicLong numRefused = new AtomicLong();
    private final Map<ChunkKey, String> refused = new LinkedHashMap<>(16, 0.75f, false) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<ChunkKey, String> eldest) {
            return size() > MAX_REFUSED;
        }
    };

    StoreReader(StoreBinding binding, LayerGroup[] groups, PrefixTree tree, MatchTables matchTables) {
        this.binding = binding;
        this.groups = groups;
        this.budget = groups[0].blocks().budget();
        this.tree = tree;
        this.matchTables = matchTables;
    }

    /** The blocks of a text that the index lacks, by layer group. */
    private final class Request {
        private final PrefixNamespace namespace;
        private final int[] tokenIds;
        private final boolean[][] lacks; // [block][G]
        private final int[] nodes; // of the blocks that the index has
        private final int firstLacking;
        private final int numWanted; // tokens
        private final List<BlockKey> keys = new ArrayList<>(); // from firstLacking on
        private final BlockOrigin origin;

        /** Under the budget's lock, after a lookup in the tree. */
        Request(PrefixNamespace namespace, int[] tokenIds, int numTokens) {
            this.namespace = namespace;
            this.origin = binding.origin(namespace);
            this.tokenIds = tokenIds;
            int blockSize = tree.blockSize();
            this.nodes = new int[Math.min(match.numTokens(), numTokens) / blockSize];
            this.lacks = new boolean[match.endsExpired() ? nodes.length : numTokens / blockSize][groups.length];
            Arrays.setAll(nodes, match::node);
            this.numWanted = Math.min(numTokens - 1, lacks.length * blockSize); // the last token is always computed
            boolean isWhole = matchTables.numUsable(match, Math.min(match.numTokens(), numWanted)) == numWanted;
            int first = lacks.length;
            for (int block = lacks.length - 1; block >= 0 && !isWhole; block--) {
                for (int group = 0; group < groups.length; group++) {
                    lacks[block][group] = block >= nodes.length || tree.blockId(nodes[block], group) == NONE;
                    first = lacks[block][group] ? block : first;
                }
            }
            this.firstLacking = first;
        }

        /** Skips blocks that have left the window of every token after the first {@code numBlocks} blocks. */
        void endAt(int numBlocks) {
            int numTokens = Math.min(numWanted, numBlocks * tree.blockSize());
            for (int block = firstLacking; block < numBlocks; block++) {
                for (int group = 0; group < groups.length; group++) {
                    lacks[block][group] &= matchTables.isSeen(group, block, numTokens);
                }
            }
        }

        boolean lacksNothing() {
            return firstLacking == lacks.length;
        }

        boolean lacks(int block) {
            for (boolean group : lacks[block]) {
                if (group) {
                    return true;
                }
            }
            return false;
        }

        /** Computes the keys from the first incomplete block on. */
        void findKeys(BlockKey before) {
            BlockKey key = before;
            for (int block = firstLacking; block < lacks.length; block++) {
                key = key.next(tokenIds, block * tree.blockSize(), (block + 1) * tree.blockSize());
                keys.add(key);
            }
        }

        /** The name of the chunk of blocks {@code [from, to)}, of which the last one lacks something. */
        ChunkKey chunk(int from, int to) {
            return new ChunkKey(keys.get(to - 1 - firstLacking), to - from);
        }

        /** First block of the chunk in which something is lacking first. */
        int firstChunkBlock() {
            return firstLacking - firstLacking % binding.chunkBlocks();
        }

        /** The complete chunks of the text from there on. */
        List<ChunkKey> completeChunks() {
            List<ChunkKey> chunks = new ArrayList<>();
            int size = binding.chunkBlocks();
            for (int end = firstChunkBlock() + size; end <= lacks.length; end += size) {
                chunks.add(chunk(end - size, end));
            }
            return chunks;
        }
    }

    /**
     * Loads the blocks of the first {@code numTokens} tokens of a text that the index lacks.
     *
     * @param pin protects a node and its ancestors from eviction, under the budget's lock
     * @return the lock on the last available block, or null if nothing was loaded
     */
    @Nullable
    Pin load(PrefixNamespace namespace, int[] tokenIds, int numTokens, IntFunction<Pin> pin) {
        Request request;
        Pin before = null;
        synchronized (budget) {
            request = request(namespace, tokenIds, numTokens);
            if (request.lacksNothing()) {
                return null;
            }
            before = request.nodes.length == 0 ? null : pin.apply(request.nodes[request.nodes.length - 1]);
        }
        try {
            List<int[]> loaded = loadBlocks(request);
            return loaded.isEmpty() ? null : new Loaded(publish(request, loaded, pin), loaded);
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

    /** Chunks of a text in the order of the text, and what the store said of the next. */
    private record Plan(List<ChunkKey> chunks, int endBlock, StoreRun.Next next) {}

    /** Asks the store for complete chunks, then for the longest that ends earlier. */
    private Plan plan(Request request) {
        List<ChunkKey> complete = request.completeChunks();
        StoreRun run = find(complete);
        List<ChunkKey> chunks = new ArrayList<>(
                complete.subList(0, Math.min(run.numChunks(), complete.size())));
        int from = request.firstChunkBlock() + chunks.size() * binding.chunkBlocks();
        StoreRun.Next next = run.next();
        int longest = Math.min(request.lacks.length, from + binding.chunkBlocks() - 1);
        for (int end = longest; end > Math.max(from, request.firstLacking); end--) {
            StoreRun part = find(List.of(request.chunk(from, end)));
            if (part.numChunks() > 0) {
                chunks.add(request.chunk(from, end));
                return new Plan(chunks, end, StoreRun.Next.MISSING);
            }
            next = next == StoreRun.Next.MISSING || next == StoreRun.Next.NONE_ASKED ? part.next() : next;
        }
        return new Plan(chunks, from, next);
    }

    /**
     * Loads consecutive blocks from the first incomplete one on; returns the ids of each, {@code [G]}, held for the
     * caller.
     */
    private List<int[]> loadBlocks(Request request) {
        Plan plan = plan(request);
        request.endAt(plan.endBlock());
        List<int[]> loaded = new ArrayList<>();
        int from = request.firstChunkBlock();
        try (Arena arena = Arena.ofConfined()) {
            ReusedMemory memory = new ReusedMemory(arena);
            for (ChunkKey key : plan.chunks()) {
                int first = Math.max(from, request.firstLacking);
                from += key.numBlocks();
                if (!loadChunk(request, key, first, from, memory, loaded)) {
                    return loaded;
                }
            }
        }
        return loaded;
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

    /** Loads blocks {@code [first, end)} of a chunk, as far as they lack something; false at a miss. */
    private boolean loadChunk(Request request, ChunkKey key, int first, int end, SegmentAllocator memory,
            List<int[]> loaded) {
        StoredChunk chunk = null;
        for (int block = first; block < end; block++) {
            if (request.lacks(block) && chunk == null) {
                chunk = verified(request, key, end, memory);
                if (chunk == null) {
                    return false;
                }
            }
            int[] blockIds = request.lacks(block)
                    ? copyBlock(request, block, Objects.requireNonNull(chunk), block - end + key.numBlocks())
                    : noBlocks();
            if (blockIds == null) {
                return false;
            }
            loaded.add(blockIds);
        }
        return true;
    }

    /** Gets a chunk that ends before block {@code end} and verifies it; null for a miss. */
    private @Nullable StoredChunk verified(Request request, ChunkKey key, int end, SegmentAllocator memory) {
        StoreResult<StoredChunk> result = get(key, memory);
        if (result instanceof StoreResult.Refused<StoredChunk>(String reason)) {
            refuse(key, reason);
        }
        if (!(result instanceof StoreResult.Found<StoredChunk>(StoredChunk chunk))) {
            return null;
        }
        int from = (end - key.numBlocks()) * tree.blockSize();
        String fault = faultOf(chunk, request, key, from);
        if (fault != null) {
            refuse(key, fault);
            return null;
        }
        return chunk;
    }

    /** Copies what is lacking of a block of the text into the pool; null where that has no room. */
    private int @Nullable [] copyBlock(Request request, int block, StoredChunk chunk, int blockInChunk) {
        int[] blockIds = noBlocks();
        for (int group = 0; group < groups.length; group++) {
            MemorySegment part = chunk.part(blockInChunk, group);
            if (request.lacks[block][group] && part != null) {
                BlockPool pool = groups[group].blocks();
                if (!(pool.tryAllocate(1, blockIds, group) instanceof Allocation.Granted)) {
                    blockIds[group] = NONE;
                    release(blockIds);
                    return null;
                }
                MemorySegment.copy(part, 0, pool.segment(blockIds[group]), pool.byteOffset(blockIds[group]),
                        pool.blockBytes());
            }
        }
        return blockIds;
    }

    private @Nullable String faultOf(StoredChunk chunk, Request request, ChunkKey key, int from) {
        int numTokens = key.numBlocks() * tree.blockSize();
        if (!chunk.key().equals(key)) {
            return "it has the key " + chunk.key();
        }
        if (!Arrays.equals(chunk.tokenIds(), Arrays.copyOfRange(request.tokenIds, from, from + numTokens))) {
            return "it has other token ids";
        }
        if (chunk.firstPosition() != from) {
            return "it begins at position " + chunk.firstPosition() + ", not " + from;
        }
        String difference = chunk.origin().differenceFrom(request.origin);
        if (difference != null) {
            return "its " + difference;
        }
        if (chunk.numGroups() != groups.length) {
            return "it has " + chunk.numGroups() + " layer groups, not " + groups.length;
        }
        for (int block = 0; block < chunk.numBlocks(); block++) {
            for (int group = 0; group < groups.length; group++) {
                MemorySegment part = chunk.part(block, group);
                if (part != null && part.byteSize() != groups[group].layout().blockBytes()) {
                    return "layer group " + group + " has " + part.byteSize() + " bytes, not "
                            + groups[group].layout().blockBytes();
                }
            }
        }
        return chunk.isIntact() ? null : "a checksum does not match";
    }

    private Request request(PrefixNamespace namespace, int[] tokenIds, int numTokens) {
        tree.match(tree.root(namespace), tokenIds, numTokens, match);
        Request request = new Request(namespace, tokenIds, numTokens);
        if (!request.lacksNothing()) {
            request.findKeys(request.firstLacking == 0 ? binding.rootKey(namespace)
                    : tree.key(request.nodes[Math.min(request.firstLacking, request.nodes.length) - 1]));
        }
        return request;
    }

    private StoreRun find(List<ChunkKey> keys) {
        try {
            return binding.store().find(keys);
        } catch (RuntimeException e) { // a store that breaks its contract must not break the cache
            return new StoreRun(0, StoreRun.Next.RETRY);
        }
    }

    private StoreResult<StoredChunk> get(ChunkKey key, SegmentAllocator memory) {
        try {
            return binding.store().get(key, memory);
        } catch (RuntimeException e) {
            return new StoreResult.Retry<>("the store failed: " + e);
        }
    }

    private int[] noBlocks() {
        int[] blockIds = new int[groups.length];
        Arrays.fill(blockIds, NONE);
        return blockIds;
    }

    private void refuse(ChunkKey key, String fault) {
        numRefused.incrementAndGet();
        synchronized (refused) {
            refused.put(key, fault);
        }
        try {
            binding.store().forget(key);
        } catch (RuntimeException e) {
            // it would fail again at every read
        }
    }

    /** Adds loaded blocks to the index. */
    private Pin publish(Request request, List<int[]> loaded, IntFunction<Pin> pin) {
        synchronized (budget) {
            int first = request.firstLacking;
            int parent = first == 0 ? tree.rootFor(request.namespace) : request.nodes[first - 1];
            for (int i = 0; i < loaded.size(); i++) {
                int from = (first + i) * tree.blockSize();
                parent = tree.put(parent, request.tokenIds, from, from + tree.blockSize(), loaded.get(i));
                tree.setStored(parent, true);
                numTokensLoaded.addAndGet(first + i < request.nodes.length ? 0 : tree.blockSize());
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
        Request request;
        synchronized (budget) {
            request = request(namespace, tokenIds, tokenIds.length);
        }
        if (request.lacksNothing()) {
            return null;
        }
        Plan plan = plan(request);
        if (!plan.chunks().isEmpty()) {
            return new PrefixMissReason.InStore(plan.endBlock() * tree.blockSize());
        }
        return switch (plan.next()) {
            case PENDING -> new PrefixMissReason.StorePending();
            case RETRY -> new PrefixMissReason.StoreUnavailable();
            case MISSING, NONE_ASKED -> refusal(request);
        };
    }

    /** Why the next chunk of a text was discarded, or null. */
    private @Nullable PrefixMissReason refusal(Request request) {
        int from = request.firstChunkBlock();
        int last = Math.min(request.lacks.length, from + binding.chunkBlocks());
        synchronized (refused) {
            for (int end = last; end > Math.max(from, request.firstLacking); end--) {
                String fault = refused.get(request.chunk(from, end));
                if (fault != null) {
                    return new PrefixMissReason.StoreRefused(fault);
                }
            }
        }
        return null;
    }

    long numTokensLoaded() {
        return numTokensLoaded.get();
    }

    long numRefused() {
        return numRefused.get();
    }
}
