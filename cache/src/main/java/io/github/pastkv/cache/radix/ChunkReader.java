package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import io.github.pastkv.cache.store.StoredChunk;
import java.lang.foreign.SegmentAllocator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Finds and gets chunks of a store and verifies them. What fails verification is removed from the store, and its fault
 * is kept for {@link io.github.pastkv.cache.prefix.PrefixIndex#explain}. A store that throws is one that cannot answer.
 */
final class ChunkReader {
    private static final int MAX_REFUSED = 1024;

    private final BlockStore store;
    private final AtomicLong numRefused = new AtomicLong();
    private final Map<ChunkKey, String> refused = new LinkedHashMap<>(16, 0.75f, false) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<ChunkKey, String> eldest) {
            return size() > MAX_REFUSED;
        }
    };

    ChunkReader(BlockStore store) {
        this.store = store;
    }

    /** A verified chunk and how many of its leading blocks a text has. */
    record Match(ChunkKey key, StoredChunk chunk, int numBlocks) {}

    StoreRun find(List<ChunkKey> keys) {
        try {
            return store.find(keys);
        } catch (RuntimeException e) { // a store that breaks its contract must not break the cache
            return new StoreRun(0, StoreRun.Next.RETRY);
        }
    }

    StoreResult<ChunkKey> findSharing(ChunkKey key) {
        try {
            return store.findSharing(key);
        } catch (RuntimeException e) {
            return new StoreResult.Retry<>("the store failed: " + e);
        }
    }

    /** Gets the chunk of a text at block {@code from}, and compares it; null for a miss. */
    @Nullable
    Match get(StoreLookup lookup, ChunkKey key, int from, SegmentAllocator memory) {
        StoreResult<StoredChunk> result = get(key, lookup.tenant(), memory);
        if (result instanceof StoreResult.Refused<StoredChunk>(String reason)) {
            refused(key, reason);
            forget(key);
        }
        if (!(result instanceof StoreResult.Found<StoredChunk>(StoredChunk chunk))) {
            return null;
        }
        String fault = lookup.faultOf(chunk, key, from);
        if (fault != null) {
            refuse(chunk, key, fault);
            return null;
        }
        int numBlocks = lookup.numMatchingBlocks(chunk, from);
        return numBlocks == 0 ? null : new Match(key, chunk, numBlocks);
    }

    private StoreResult<StoredChunk> get(ChunkKey key, String tenant, SegmentAllocator memory) {
        try {
            return store.get(key, tenant, memory);
        } catch (RuntimeException e) {
            return new StoreResult.Retry<>("the store failed: " + e);
        }
    }

    /** Tells the store how many tokens of a chunk were of use. */
    void used(Match match, int numTokens) {
        try {
            store.used(match.chunk(), numTokens);
        } catch (RuntimeException e) {
            return; // only its counters miss it
        }
    }

    private void refused(ChunkKey key, String fault) {
        numRefused.incrementAndGet();
        synchronized (refused) {
            refused.put(key, fault);
        }
    }

    private void refuse(StoredChunk chunk, ChunkKey key, String fault) {
        refused(key, fault);
        try {
            store.refused(chunk, key, fault);
        } catch (RuntimeException e) {
            return; // it would fail again at every read
        }
    }

    private void forget(ChunkKey key) {
        try {
            store.forget(key);
        } catch (RuntimeException e) {
            return; // it would fail again at every read
        }
    }

    /** How long to wait for a chunk of so many tokens. */
    long maxWaitNanos(int numTokens) {
        try {
            return store.maxWaitNanos(numTokens);
        } catch (RuntimeException e) {
            return 0;
        }
    }

    /** Tells the store how long computing took. */
    void computed(int numTokens, long nanos) {
        try {
            store.computed(numTokens, nanos);
        } catch (RuntimeException e) {
            return; // it knows less
        }
    }

    List<String> explain(List<ChunkKey> keys, boolean asks) {
        try {
            return store.explain(keys, asks);
        } catch (RuntimeException e) {
            return List.of("the store failed: " + e);
        }
    }

    /** Why a chunk was discarded that shares leading blocks with this one; null if none was. */
    @Nullable
    String refusalOf(ChunkKey key) {
        synchronized (refused) {
            String exact = refused.get(key);
            return exact != null ? exact
                    : refused.entrySet().stream().filter(entry -> entry.getKey().numSharedBlocks(key) > 0)
                            .map(Map.Entry::getValue).findFirst().orElse(null);
        }
    }

    long numRefused() {
        return numRefused.get();
    }
}
