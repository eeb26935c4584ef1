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
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.prefix.PrefixStats;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * The prefix index of a pool: a {@link PrefixTree} over the pool's blocks. Guarded by the lock that the block pools share,
 * their {@link PoolBudget}.
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
    private final Map<Integer, Integer> numPins = new HashMap<>();
    private final int[] blockIds; // of one logical block, [G]
    private final PrefixCounters counters = new PrefixCounters();
    private boolean closed;

    public RadixPrefixIndex(LayerGroup[] groups, int maxRewindTokens, EvictionPolicy.Factory policy,
            LongSupplier clock) {
        this.groups = groups;
        this.budget = groups[0].blocks().budget();
        this.blockSize = groups[0].layout().blockSize();
        this.clock = clock;
        this.blockIds = new int[groups.length];
        this.tree = new PrefixTree(blockSize, groups.length, new Store(), policy, clock);
        this.matchTables = new MatchTables(groups, maxRewindTokens, tree);
        budget.setEvictor(new PrefixEvictor(groups, tree));
    }

    /** A search: tokens {@code [numHeld, limit)} beyond those that the row holds are wanted. */
    public static final class Request {
        private final int[] tokenIds;
        private final int numHeld;
        private final int limit;
        private final boolean wholeBlocksOnly;
        private int numFound;

        /** Looks for the first {@code limit} of these tokens. */
        public Request(int[] tokenIds, int numHeld, int limit, boolean wholeBlocksOnly) {
            this.tokenIds = tokenIds;
            this.numHeld = numHeld;
            this.limit = limit;
            this.wholeBlocksOnly = wholeBlocksOnly;
            this.numFound = numHeld;
        }

        /** Leading tokens found, those that the row holds included. */
        public int numFound() {
            return numFound;
        }
    }

    /** Finds more of a row than it holds; returns tables that hold it, {@code [G]}, or none. */
    public BlockTable[] adopt(PrefixNamespace namespace, Request request) {
        synchronized (budget) {
            tree.match(tree.root(namespace), request.tokenIds, request.limit, match);
            int numTokens = match.numTokens();
            if (request.wholeBlocksOnly) {
                numTokens -= numTokens % blockSize;
            }
            numTokens = matchTables.numUsable(match, numTokens);
            if (numTokens <= request.numHeld) {
                return new BlockTable[0];
            }
            request.numFound = numTokens;
            match.truncate(numTokens, blockSize);
            BlockTable[] held = matchTables.hold(match, numTokens);
            for (int block = 0; block < match.numEntries(); block++) {
                tree.used(match.entry(block));
            }
            return held;
        }
    }

    /** Counts a search whose step went through: of {@code numAsked} tokens beyond {@code numHeld}, so many were reused. */
    void lookedUp(PrefixNamespace namespace, int numHeld, int numAsked, int numReused) {
        synchronized (budget) {
            counters.lookUp(numAsked, numReused);
        }
        if (numReused == 0) {
            KvEvents.miss(namespace.label(), numHeld + numAsked + 1);
        } else {
            KvEvents.hit(namespace.label(), numHeld + numAsked + 1, numHeld + numReused);
        }
    }

    /** Puts a row's tokens in that are not there yet, and lets the row share whole blocks that were there before. */
    void publish(PrefixNamespace namespace, RowTokens row, BlockTable[] tables) {
        synchronized (budget) {
            if (closed) {
                return;
            }
            int numTokens = row.numPublishable();
            boolean goesOn = row.cursorBlocks() > 0 && tree.stamp(row.cursorEntry()) == row.cursorStamp();
            int parent = goesOn ? row.cursorEntry() : tree.rootFor(namespace);
            for (int block = goesOn ? row.cursorBlocks() : 0; block * blockSize < numTokens; block++) {
                int end = Math.min(numTokens, (block + 1) * blockSize);
                for (int group = 0; group < groups.length; group++) {
                    BlockTable table = tables[group];
                    blockIds[group] = table.holds(block) ? table.blockId(block) : NONE;
                }
                int entry = tree.put(parent, row.tokenIds(), block * blockSize, end, blockIds);
                if (end == (block + 1) * blockSize) {
                    share(entry, block, tables);
                    parent = entry;
                    row.setCursor(entry, tree.stamp(entry), block + 1);
                }
            }
            row.setPublished(numTokens);
            counters.entries(tree.numEntries());
        }
    }

    /** Lets a row hold an entry's blocks instead of its own, which have the same bits. */
    private void share(int entry, int block, BlockTable[] tables) {
        for (int group = 0; group < groups.length; group++) {
            BlockTable table = tables[group];
            int blockId = tree.blockId(entry, group);
            if (blockId != NONE && table.holds(block) && table.blockId(block) != blockId && !table.isShared()) {
                groups[group].blocks().retainCached(blockId);
                table.replace(block, blockId);
            }
        }
    }

    @Override
    public PrefixExplanation explain(PrefixNamespace namespace, int[] tokenIds) {
        synchronized (budget) {
            requireOpen();
            tree.match(tree.root(namespace), tokenIds, tokenIds.length, match);
            int numReused =
                    matchTables.numUsable(match, Math.min(match.numTokens(), Math.max(0, tokenIds.length - 1)));
            return new PrefixExplainer(tree, clock.getAsLong()).explain(namespace, tokenIds, match, numReused);
        }
    }

    private final class EntryPin implements Pin {
        private final int entry;
        private final int numTokens;
        private boolean ended;

        EntryPin(int entry, int numTokens) {
            this.entry = entry;
            this.numTokens = numTokens;
        }

        @Override
        public int numTokens() {
            return numTokens;
        }

        @Override
        public void close() {
            synchronized (budget) {
                if (!ended && entry != NONE && !closed) {
                    numPins.merge(entry, -1, (before, less) -> before + less == 0 ? null : before + less);
                    tree.unblock(entry);
                    budget.trimIdle();
                }
                ended = true;
            }
        }
    }

    @Override
    public Pin pin(PrefixNamespace namespace, int[] tokenIds) {
        synchronized (budget) {
            requireOpen();
            tree.match(tree.root(namespace), tokenIds, tokenIds.length, match);
            int numEntries = match.numEntries();
            if (numEntries == 0) {
                return new EntryPin(NONE, 0);
            }
            int last = match.entry(numEntries - 1);
            tree.block(last);
            numPins.merge(last, 1, Integer::sum);
            return new EntryPin(last, match.numTokens());
        }
    }

    @Override
    public int setPriority(PrefixNamespace namespace, int[] tokenIds, EvictionPriority priority) {
        synchronized (budget) {
            requireOpen();
            tree.match(tree.root(namespace), tokenIds, tokenIds.length, match);
            for (int block = match.numEntries() - 1; block >= 0; block--) {
                tree.setPriority(match.entry(block), priority);
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
            for (int block = 0; block < match.numEntries(); block++) {
                tree.setExpiry(match.entry(block), expiry);
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
    public PrefixStats stats() {
        synchronized (budget) {
            return counters.toStats(closed ? 0 : tree.numEntries(), closed ? 0 : tree.numEvicted(), cachedBytes(),
                    closed ? 0 : tree.bookkeepingBytes());
        }
    }

    private long cachedBytes() {
        long bytes = 0;
        for (LayerGroup group : groups) {
            bytes += group.blocks().numCached() * group.layout().blockBytes();
        }
        return bytes;
    }

    /** Checks the index and its agreement with the pools; an {@link IllegalStateException} names what is wrong. */
    public void checkIntegrity() {
        synchronized (budget) {
            if (!closed) {
                tree.checkIntegrity(entry -> numPins.getOrDefault(entry, 0));
                if (cachedBytes() != budget.idleBytes()) {
                    throw new IllegalStateException(
                            cachedBytes() + " bytes are cached, " + budget.idleBytes() + " are counted as idle");
                }
            }
        }
    }

    /** Forgets all; the pool is about to close. */
    public void close() {
        synchronized (budget) {
            if (!closed) {
                closed = true;
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

    /** The pools as the tree sees them. */
    private final class Store implements BlockStore {
        @Override
        public boolean attach(int group, int blockId, int entry, int numTokens) {
            return groups[group].blocks().attach(blockId, entry, numTokens);
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
        public boolean isAttached(int group, int blockId, int entry, int numTokens) {
            return groups[group].blocks().isAttached(blockId, entry, numTokens);
        }

        @Override
        public long blockBytes(int group) {
            return groups[group].layout().blockBytes();
        }

        /** A blocked entry's cached blocks of windowed groups are loose: no running sequence sees them any more. */
        @Override
        public void blockedChanged(int entry, boolean blocked) {
            for (int group = 0; group < groups.length; group++) {
                if (groups[group].window().isBounded() && tree.blockId(entry, group) != NONE) {
                    setLoose(groups[group].blocks(), tree.blockId(entry, group), blocked);
                }
            }
        }
    }

    private static void setLoose(BlockPool pool, int blockId, boolean loose) {
        if (loose && pool.isCached(blockId)) {
            pool.loosen(blockId);
        } else {
            pool.tighten(blockId);
        }
    }
}
