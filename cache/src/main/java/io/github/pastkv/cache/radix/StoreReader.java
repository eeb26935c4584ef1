package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.Allocation;
import io.github.pastkv.cache.block.BlockPool;
import io.github.pastkv.cache.block.LayerGroup;
import io.github.pastkv.cache.block.PoolBudget;
import io.github.pastkv.cache.prefix.PrefixIndex.Pin;
import io.github.pastkv.cache.prefix.PrefixMissReason;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import io.github.pastkv.cache.store.StoredBlock;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Loads blocks from the store beneath an index. A block enters the index only after its key, token ids, sizes and
 * checksum have been verified; it is exact then, as if it had been computed. Anything else is a miss, whose reason is
 * kept for {@link io.github.pastkv.cache.prefix.PrefixIndex#explain}. The store is asked without a lock.
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
    private final Map<BlockKey, String> refused = new LinkedHashMap<>(16, 0.75f, false) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<BlockKey, String> eldest) {
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

    /** What a text lacks: for each of its whole blocks the groups whose part the index does not have. */
    private final class Request {
        private final PrefixNamespace namespace;
        private final int[] tokenIds;
        private final boolean[][] lacks; // [block][G]
        private final int[] nodes; // of the blocks that the index has
        private final int firstLacking;
        private final int numWanted; // tokens
        private final List<BlockKey> keys = new ArrayList<>(); // from firstLacking on

        /** Under the budget's lock, after a walk through the tree. */
        Request(PrefixNamespace namespace, int[] tokenIds, int numTokens) {
            this.namespace = namespace;
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

        /** Leaves out what no token after the first {@code numBlocks} blocks sees through a window. */
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

        /** Computes the keys of the blocks from the first on that lacks something. */
        void findKeys(BlockKey before) {
            BlockKey key = before;
            for (int block = firstLacking; block < lacks.length; block++) {
                key = key.next(tokenIds, block * tree.blockSize(), (block + 1) * tree.blockSize());
                keys.add(key);
            }
        }

        BlockKey key(int block) {
            return keys.get(block - firstLacking);
        }
    }

    /**
     * Loads what the index lacks of the first {@code numTokens} tokens of a text.
     *
     * @param pin locks a node and all before it against eviction, under the budget's lock
     * @return the lock on the last block that is there now, or null where nothing was loaded
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

    /** Holds loaded blocks until the step has taken them: a windowed group's would otherwise be evicted before. */
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
     * Loads consecutive blocks from the first that lacks something on; the ids of each, {@code [G]}, held for the
     * caller.
     */
    private List<int[]> loadBlocks(Request request) {
        StoreRun run = find(request.keys);
        List<int[]> loaded = new ArrayList<>();
        int end = request.firstLacking + Math.min(run.numBlocks(), request.keys.size());
        request.endAt(end);
        for (int block = request.firstLacking; block < end; block++) {
            int[] blockIds = request.lacks(block) ? loadBlock(request, block) : noBlocks();
            if (blockIds == null) {
                return loaded;
            }
            loaded.add(blockIds);
        }
        return loaded;
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

    private StoreRun find(List<BlockKey> keys) {
        try {
            return binding.store().find(keys);
        } catch (RuntimeException e) { // a store that breaks its contract must not break the cache
            return new StoreRun(0, StoreRun.Next.RETRY);
        }
    }

    private StoreResult get(BlockKey key) {
        try {
            return binding.store().get(key);
        } catch (RuntimeException e) {
            return new StoreResult.Retry("the store failed: " + e);
        }
    }

    private int[] noBlocks() {
        int[] blockIds = new int[groups.length];
        Arrays.fill(blockIds, NONE);
        return blockIds;
    }

    /** Verifies a block and copies it into the pool; null for a miss. */
    private int @Nullable [] loadBlock(Request request, int block) {
        BlockKey key = request.key(block);
        if (!(get(key) instanceof StoreResult.Found(StoredBlock stored))) {
            return null;
        }
        int[] tokens = Arrays.copyOfRange(request.tokenIds, block * tree.blockSize(), (block + 1) * tree.blockSize());
        String fault = faultOf(stored, key, tokens);
        if (fault != null) {
            refuse(key, fault);
            return null;
        }
        int[] blockIds = noBlocks();
        for (int group = 0; group < groups.length; group++) {
            MemorySegment part = stored.groups().get(group);
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

    private @Nullable String faultOf(StoredBlock stored, BlockKey key, int[] tokens) {
        if (!stored.key().equals(key)) {
            return "it has the key " + stored.key();
        }
        if (!Arrays.equals(stored.tokenIds(), tokens)) {
            return "it has other token ids";
        }
        if (stored.groups().size() != groups.length) {
            return "it has " + stored.groups().size() + " layer groups, not " + groups.length;
        }
        for (int group = 0; group < groups.length; group++) {
            MemorySegment part = stored.groups().get(group);
            if (part != null && part.byteSize() != groups[group].layout().blockBytes()) {
                return "layer group " + group + " has " + part.byteSize() + " bytes, not "
                        + groups[group].layout().blockBytes();
            }
        }
        return stored.isIntact() ? null : "its checksum does not match";
    }

    private void refuse(BlockKey key, String fault) {
        numRefused.incrementAndGet();
        synchronized (refused) {
            refused.put(key, fault);
        }
        try {
            binding.store().forget(key);
        } catch (RuntimeException e) {
            // it stays refused whenever it is read
        }
    }

    /** Makes loaded blocks findable. */
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

    /** What the store has to do with the end of a hit, or null; not under the lock. */
    @Nullable
    PrefixMissReason explain(PrefixNamespace namespace, int[] tokenIds) {
        Request request;
        synchronized (budget) {
            request = request(namespace, tokenIds, tokenIds.length);
        }
        if (request.lacksNothing()) {
            return null;
        }
        String fault;
        synchronized (refused) {
            fault = refused.get(request.keys.getFirst());
        }
        StoreRun run = find(request.keys);
        if (run.numBlocks() > 0) {
            return new PrefixMissReason.InStore((request.firstLacking + run.numBlocks()) * tree.blockSize());
        }
        return switch (run.next()) {
            case PENDING -> new PrefixMissReason.StorePending();
            case RETRY -> new PrefixMissReason.StoreUnavailable();
            case MISSING, NONE_ASKED -> fault == null ? null : new PrefixMissReason.StoreRefused(fault);
        };
    }

    long numTokensLoaded() {
        return numTokensLoaded.get();
    }

    long numRefused() {
        return numRefused.get();
    }
}
