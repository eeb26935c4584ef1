package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.BlockPool;
import io.github.pastkv.cache.block.BlockTable;
import io.github.pastkv.cache.block.LayerGroup;
import io.github.pastkv.cache.block.PoolBudget;
import io.github.pastkv.cache.events.KvEvents;
import io.github.pastkv.cache.prefix.EvictionPolicy;
import io.github.pastkv.cache.prefix.EvictionPriority;
import io.github.pastkv.cache.prefix.PrefixExplanation;
import io.github.pastkv.cache.prefix.PrefixIndex;
import io.github.pastkv.cache.prefix.PrefixMissReason;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.prefix.PrefixStats;
import io.github.pastkv.cache.prefix.StoreUse;
import io.github.pastkv.cache.store.StoreWrites;
import java.time.Duration;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The prefix index of a pool: a {@link PrefixTree} over the pool's blocks. Guarded by the lock that the block pools
 * share, their {@link PoolBudget}.
 */
public final class RadixPrefixIndex implements PrefixIndex {
    private static final int NONE = PrefixTree.NONE;

    private final LayerGroup[] groups;
    private final PoolBudget budget;
    private final int blockSize;
    private final LongSupplier clock;
    private final PrefixTree tree;
    private final MatchTables matchTables;
    private final PrefixMatch match = new PrefixMatch();
    private final NodePins pins;
    private final LookupCounts lookups = new LookupCounts();
    private final @Nullable StoreWriter writer;
    private final @Nullable EvictionSpill spill;
    private final @Nullable StoreReader reader;
    private final int[] blockIds; // of one logical block, [G]
    private int maxBlocks;
    private boolean closed;

    /** An empty index over a pool's groups, optionally with a store below it. */
    public RadixPrefixIndex(LayerGroup[] groups, int maxRewindTokens, EvictionPolicy.Factory policy,
            LongSupplier clock, @Nullable StoreBinding store) {
        this.groups = groups;
        this.budget = groups[0].blocks().budget();
        this.blockSize = groups[0].layout().blockSize();
        this.clock = clock;
        this.blockIds = new int[groups.length];
        this.tree = new PrefixTree(blockSize, groups.length, new PoolOwner(), policy, clock,
                store == null ? null : store::rootKey);
        this.pins = new NodePins(tree, budget);
        this.matchTables = new MatchTables(groups, maxRewindTokens, tree);
        this.writer = store == null ? null : new StoreWriter(store, groups, tree);
        this.reader = store == null ? null : new StoreReader(store, groups, tree, matchTables);
        this.spill = writer == null ? null : new EvictionSpill(writer, tree, budget);
        budget.setEvictor(new PrefixEvictor(groups, tree, spill));
    }

    /** A lookup of tokens {@code [numHeld, limit)} beyond those that the row holds. */
    public static final class Request {
        private final int[] tokenIds;
        private final int numHeld;
        private final int limit;
        private final boolean allowCopy;
        private int numFound;

        /** Looks up the first {@code limit} of these tokens. */
        public Request(int[] tokenIds, int numHeld, int limit, boolean allowCopy) {
            this.tokenIds = tokenIds;
            this.numHeld = numHeld;
            this.limit = limit;
            this.allowCopy = allowCopy;
            this.numFound = numHeld;
        }

        /** Number of leading tokens found, including those that the row holds. */
        public int numFound() {
            return numFound;
        }
    }

    /**
     * Loads the blocks of a text that the index lacks from the store, and protects them and their ancestors from
     * eviction until the result is closed. Waits for the store without holding a lock.
     *
     * @param tokenIds the text; only the first {@code numTokens} tokens are used
     * @return null if there is no store, or if it adds no block
     */
    @Nullable
    Pin loadFromStore(PrefixNamespace namespace, int[] tokenIds, int numTokens) {
        if (reader == null) {
            return null;
        }
        return reader.load(namespace, tokenIds, numTokens, this::pinNode);
    }

    /** A step has computed tokens, in this time. */
    void computed(int numTokens, long nanos) {
        if (reader != null) {
            reader.computed(numTokens, nanos);
        }
    }

    /** Protects a node and its ancestors from eviction; under the lock. */
    private Pin pinNode(int node) {
        requireOpen();
        return pins.pin(node, 0);
    }

    /** Looks up further tokens of a row; returns tables that hold them, {@code [G]}, or none. */
    public BlockTable[] acquirePrefix(PrefixNamespace namespace, Request request) {
        synchronized (budget) {
            tree.match(tree.root(namespace), request.tokenIds, request.limit, match);
            int numTokens = match.numTokens();
            if (!request.allowCopy) {
                numTokens -= numTokens % blockSize;
            }
            numTokens = matchTables.numUsable(match, numTokens);
            if (numTokens <= request.numHeld) {
                return new BlockTable[0];
            }
            request.numFound = numTokens;
            match.truncate(numTokens, blockSize);
            BlockTable[] held = matchTables.hold(match, numTokens);
            for (int block = 0; block < match.numNodes(); block++) {
                tree.used(match.node(block));
                if (writer != null && tree.isWhole(match.node(block))) {
                    writer.ready(match.node(block), block, StoreWrites.SECOND_USE);
                }
            }
            int numWhole = numTokens / blockSize;
            if (writer != null && numWhole > 0) {
                writer.ended(match.node(numWhole - 1), StoreWrites.SECOND_USE);
            }
            return held;
        }
    }

    /**
     * Counts a lookup after its step was begun: of {@code numAsked} tokens beyond {@code numHeld}, this many were
     * reused.
     */
    void lookedUp(PrefixNamespace namespace, int numHeld, int numAsked, int numReused) {
        synchronized (budget) {
            lookups.add(numAsked, numReused);
        }
        if (numReused == 0) {
            KvEvents.miss(namespace.label(), numHeld + numAsked + 1);
        } else {
            KvEvents.hit(namespace.label(), numHeld + numAsked + 1, numHeld + numReused);
        }
    }

    /** Inserts the new tokens of a row and deduplicates whole blocks. */
    void publish(PrefixNamespace namespace, RowTokens row, BlockTable[] tables) {
        synchronized (budget) {
            if (closed) {
                return;
            }
            int numTokens = row.numPublishable();
            boolean goesOn = row.cursorBlocks() > 0 && tree.stamp(row.cursorNode()) == row.cursorStamp();
            int parent = goesOn ? row.cursorNode() : tree.rootFor(namespace);
            for (int block = goesOn ? row.cursorBlocks() : 0; block * blockSize < numTokens; block++) {
                int end = Math.min(numTokens, (block + 1) * blockSize);
                for (int group = 0; group < groups.length; group++) {
                    BlockTable table = tables[group];
                    blockIds[group] = table.holds(block) ? table.blockId(block) : NONE;
                }
                int node = tree.put(parent, row.tokenIds(), block * blockSize, end, blockIds);
                if (end == (block + 1) * blockSize) {
                    share(node, block, tables);
                    if (writer != null) {
                        writer.ready(node, block, StoreWrites.COMPLETE);
                    }
                    parent = node;
                    row.setCursor(node, tree.stamp(node), block + 1);
                }
            }
            row.setPublished(numTokens);
            maxBlocks = Math.max(maxBlocks, tree.numNodes());
        }
    }

    /** The text of a row ends for now: its last whole block is to be written, if that is when blocks are written. */
    void endText(RowTokens row) {
        synchronized (budget) {
            if (writer != null && !closed && row.cursorBlocks() > 0
                    && tree.stamp(row.cursorNode()) == row.cursorStamp()) {
                writer.ended(row.cursorNode(), StoreWrites.COMPLETE);
            }
        }
    }

    /** Replaces the blocks of a row by those of a node, which have the same bits. */
    private void share(int node, int block, BlockTable[] tables) {
        for (int group = 0; group < groups.length; group++) {
            BlockTable table = tables[group];
            int blockId = tree.blockId(node, group);
            if (blockId != NONE && table.holds(block) && table.blockId(block) != blockId && !table.isShared()) {
                groups[group].blocks().retainCached(blockId);
                table.replace(block, blockId);
            }
        }
    }

    @Override
    public PrefixExplanation explainInMemory(PrefixNamespace namespace, int[] tokenIds) {
        synchronized (budget) {
            requireOpen();
            tree.match(tree.root(namespace), tokenIds, tokenIds.length, match);
            int numReused =
                    matchTables.numUsable(match, Math.min(match.numTokens(), Math.max(0, tokenIds.length - 1)));
            return new PrefixExplainer(tree, clock.getAsLong()).explain(namespace, tokenIds, match, numReused);
        }
    }

    @Override
    public PrefixExplanation explain(PrefixNamespace namespace, int[] tokenIds) {
        PrefixExplanation inIndex = explainInMemory(namespace, tokenIds);
        if (reader == null) {
            return inIndex;
        }
        boolean isSettled = inIndex.missReason() instanceof PrefixMissReason.Whole
                || inIndex.missReason() instanceof PrefixMissReason.Expired;
        StoreReader.Explanation inStore = reader.explain(namespace, tokenIds, !isSettled);
        return new PrefixExplanation(inIndex.numTokens(), inIndex.numReused(), inIndex.numFromRunning(),
                inStore.reason() == null ? inIndex.missReason() : inStore.reason(), inStore.lines());
    }

    @Override
    public Pin pin(PrefixNamespace namespace, int[] tokenIds) {
        synchronized (budget) {
            requireOpen();
            tree.match(tree.root(namespace), tokenIds, tokenIds.length, match);
            int numNodes = match.numNodes();
            return numNodes == 0 ? pins.none() : pins.pin(match.node(numNodes - 1), match.numTokens());
        }
    }

    @Override
    public int setPriority(PrefixNamespace namespace, int[] tokenIds, EvictionPriority priority) {
        synchronized (budget) {
            requireOpen();
            tree.match(tree.root(namespace), tokenIds, tokenIds.length, match);
            for (int block = match.numNodes() - 1; block >= 0; block--) {
                tree.setPriority(match.node(block), priority);
            }
            return match.numTokens();
        }
    }

    @Override
    public int setTimeToLive(PrefixNamespace namespace, int[] tokenIds, Duration timeToLive) {
        synchronized (budget) {
            requireOpen();
            tree.match(tree.root(namespace), tokenIds, tokenIds.length, match);
            long expiry = clock.getAsLong() + timeToLive.toMillis();
            for (int block = 0; block < match.numNodes(); block++) {
                tree.setExpiry(match.node(block), expiry);
            }
            return match.numTokens();
        }
    }

    @Override
    public void clear(PrefixNamespace namespace) {
        synchronized (budget) {
            requireOpen();
            tree.clear(namespace);
        }
    }

    @Override
    public void clear() {
        synchronized (budget) {
            requireOpen();
            tree.clear(null);
        }
    }

    @Override
    public int writeToStore() {
        synchronized (budget) {
            requireOpen();
        }
        return writer == null ? 0 : writer.writeAll();
    }

    @Override
    public StoreUse storeUse() {
        return writer == null || reader == null ? new StoreUse(0, 0, 0, 0, 0)
                : new StoreUse(reader.numTokensLoaded(), reader.numRefused(), writer.numWritten(),
                        writer.numDropped(), reader.loadNanos());
    }

    @Override
    public PrefixStats stats() {
        synchronized (budget) {
            return lookups.stats(closed ? 0 : tree.numNodes(), maxBlocks, closed ? 0 : tree.numEvicted(),
                    cachedBytes(), closed ? 0 : tree.bookkeepingBytes());
        }
    }

    private long cachedBytes() {
        long bytes = 0;
        for (LayerGroup group : groups) {
            bytes += group.blocks().numCached() * group.layout().blockBytes();
        }
        return bytes;
    }

    /** The tenant of each node, until something changes; called and used under the lock. */
    public IntFunction<String> tenants() {
        return closed ? _ -> "" : new NodeTenants(tree)::of;
    }

    /** Checks the index and its agreement with the pools; an {@link IllegalStateException} names what is wrong. */
    public void checkIntegrity() {
        synchronized (budget) {
            if (!closed) {
                tree.checkIntegrity(pins::count);
                if (cachedBytes() != budget.cachedBytes()) {
                    throw new IllegalStateException(
                            cachedBytes() + " bytes are cached, " + budget.cachedBytes() + " are counted");
                }
            }
        }
    }

    /** Writes the queued blocks to the store, then removes everything; called before the pool closes. */
    public void close() {
        if (writer != null) {
            writer.close();
        }
        if (reader != null) {
            reader.close();
        }
        synchronized (budget) {
            if (!closed) {
                closed = true;
                pins.close();
                tree.detachAll();
                tree.close();
            }
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the pool of this index is closed");
        }
    }

    /** The pools as the owner of the tree's blocks. */
    private final class PoolOwner implements BlockOwner {
        @Override
        public boolean attach(int group, int blockId, int node, int numTokens) {
            return groups[group].blocks().attach(blockId, node, numTokens);
        }

        @Override
        public boolean detach(int group, int blockId) {
            return groups[group].blocks().detach(blockId);
        }

        @Override
        public boolean isHeld(int group, int blockId) {
            return groups[group].blocks().refCount(blockId) > 0;
        }

        @Override
        public boolean isAttached(int group, int blockId, int node, int numTokens) {
            return groups[group].blocks().isAttached(blockId, node, numTokens);
        }

        @Override
        public long blockBytes(int group) {
            return groups[group].layout().blockBytes();
        }

        @Override
        public void evicting(int node) {
            if (spill != null) {
                spill.evicting(node, true);
            }
        }

        /**
         * The cached blocks of a locked node in windowed groups are reclaimable: no running sequence attends to them
         * any more.
         */
        @Override
        public void lockChanged(int node, boolean locked) {
            for (int group = 0; group < groups.length; group++) {
                if (groups[group].window().isBounded() && tree.blockId(node, group) != NONE) {
                    setReclaimable(groups[group].blocks(), tree.blockId(node, group), locked);
                }
            }
        }
    }

    private static void setReclaimable(BlockPool pool, int blockId, boolean reclaimable) {
        if (reclaimable && pool.isCached(blockId)) {
            pool.markReclaimable(blockId);
        } else {
            pool.unmarkReclaimable(blockId);
        }
    }

    @Override
    public String toString() {
        PrefixStats now = stats();
        return "PrefixIndex[" + now.numBlocks() + " blocks, " + now.cachedBytes() + " bytes cached]";
    }
}
