package io.github.pastkv.cache;

import io.github.pastkv.cache.prefix.EvictionPolicy;
import io.github.pastkv.cache.prefix.LruPolicy;
import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.cache.store.StoreWrites;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a pool does beside storing.
 *
 * @param policy which cached prefixes go first; null for no index of prefixes
 * @param poisonsFreed whether blocks are filled with NaN when they become free, so that a stray read is seen
 * @param leakListener hears of caches that were forgotten without being closed, and where they were opened; null for
 *        nobody. It is called by a thread of the {@link java.lang.ref.Cleaner}
 * @param maxCachedBytes most bytes of cached prefixes that nobody holds; beyond it the least useful go, though the pool
 *        had room. Pinned ones stay
 * @param store where evicted blocks go and missing ones are looked for; null for none
 * @param storeChunkTokens tokens of a complete chunk in the store, rounded down to whole blocks, at least one
 * @param storeWrites when blocks are written to the store
 * @param maxStoreQueueBytes most bytes of evicted blocks that wait to be written to the store; beyond it they are
 *        dropped
 */
public record KvPoolOptions(EvictionPolicy.@Nullable Factory policy, boolean poisonsFreed,
        @Nullable Consumer<String> leakListener, long maxCachedBytes, @Nullable BlockStore store,
        long maxStoreQueueBytes, int storeChunkTokens, StoreWrites storeWrites) {
    /** Tokens of a chunk unless said otherwise (docs/decisions/0009-chunk-size.md). */
    public static final int DEFAULT_STORE_CHUNK_TOKENS = 64;
    /** Limit of what waits to be written to a store unless said otherwise: 64 MiB. */
    public static final long DEFAULT_MAX_STORE_QUEUE_BYTES = 64L << 20;

    public KvPoolOptions {
        if (maxCachedBytes < 0) {
            throw new IllegalArgumentException("maxCachedBytes: " + maxCachedBytes + ", must not be negative");
        }
        if (maxStoreQueueBytes < 0) {
            throw new IllegalArgumentException("maxStoreQueueBytes: " + maxStoreQueueBytes + ", must not be negative");
        }
        if (storeChunkTokens <= 0) {
            throw new IllegalArgumentException("storeChunkTokens: " + storeChunkTokens + ", must be positive");
        }
        if (store != null && policy == null) {
            throw new IllegalArgumentException("store: needs a prefix index; call withPrefixIndex first");
        }
    }

    /** No index, no aids, and no limit of cached prefixes but the pool's own. */
    public static KvPoolOptions defaults() {
        return new KvPoolOptions(null, false, null, Long.MAX_VALUE, null, DEFAULT_MAX_STORE_QUEUE_BYTES,
                DEFAULT_STORE_CHUNK_TOKENS, StoreWrites.COMPLETE);
    }

    /**
     * With an index of prefixes from which what was let go of longest ago goes first: in replayed traces no other
     * policy was better on all of them, and the adaptive one on none.
     */
    public KvPoolOptions withPrefixIndex() {
        return withPrefixIndex(LruPolicy::new);
    }

    /** With an index of prefixes that evicts by a policy. */
    public KvPoolOptions withPrefixIndex(EvictionPolicy.Factory newPolicy) {
        return new KvPoolOptions(newPolicy, poisonsFreed, leakListener, maxCachedBytes, store, maxStoreQueueBytes,
                storeChunkTokens, storeWrites);
    }

    public KvPoolOptions withPoisonedFreedBlocks() {
        return new KvPoolOptions(policy, true, leakListener, maxCachedBytes, store, maxStoreQueueBytes,
                storeChunkTokens, storeWrites);
    }

    public KvPoolOptions withLeakListener(Consumer<String> newLeakListener) {
        return new KvPoolOptions(policy, poisonsFreed, newLeakListener, maxCachedBytes, store, maxStoreQueueBytes,
                storeChunkTokens, storeWrites);
    }

    public KvPoolOptions withMaxCachedBytes(long newMaxCachedBytes) {
        return new KvPoolOptions(policy, poisonsFreed, leakListener, newMaxCachedBytes, store, maxStoreQueueBytes,
                storeChunkTokens, storeWrites);
    }

    /**
     * With a store beneath the prefix index, which gets what is evicted and is asked for what the index lacks. The
     * caller closes it, after the pool.
     */
    public KvPoolOptions withBlockStore(BlockStore newStore) {
        return new KvPoolOptions(policy, poisonsFreed, leakListener, maxCachedBytes, newStore, maxStoreQueueBytes,
                storeChunkTokens, storeWrites);
    }

    public KvPoolOptions withMaxStoreQueueBytes(long newMaxStoreQueueBytes) {
        return new KvPoolOptions(policy, poisonsFreed, leakListener, maxCachedBytes, store, newMaxStoreQueueBytes,
                storeChunkTokens, storeWrites);
    }

    /** Chunks of other sizes are not found by pools that have another. */
    public KvPoolOptions withStoreChunkTokens(int newStoreChunkTokens) {
        return new KvPoolOptions(policy, poisonsFreed, leakListener, maxCachedBytes, store, maxStoreQueueBytes,
                newStoreChunkTokens, storeWrites);
    }

    public KvPoolOptions withStoreWrites(StoreWrites newStoreWrites) {
        return new KvPoolOptions(policy, poisonsFreed, leakListener, maxCachedBytes, store, maxStoreQueueBytes,
                storeChunkTokens, newStoreWrites);
    }
}
