package io.github.pastkv.cache;

import io.github.pastkv.cache.prefix.EvictionPolicy;
import io.github.pastkv.cache.prefix.LruPolicy;
import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.cache.store.StoreWrites;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Optional features of a pool.
 *
 * @param policy eviction policy of the prefix index; null for no index
 * @param poisonsFreed whether freed blocks are filled with NaN, so that invalid reads are noticed
 * @param leakListener receives a report of each cache that became unreachable without being closed, with the place
 *        where it was opened; called by a thread of the {@link java.lang.ref.Cleaner}; null for none
 * @param maxCachedBytes limit of cached blocks in bytes; beyond it blocks are evicted even if the pool has room. Pinned
 *        blocks stay
 * @param store second-level storage for evicted blocks; null for none
 * @param storeChunkTokens tokens of a complete chunk in the store, rounded down to whole blocks, at least one
 * @param storeWrites when blocks are written to the store
 * @param maxStoreQueueBytes limit of evicted blocks that wait to be written to the store, in bytes; beyond it they are
 *        dropped
 */
public record KvPoolOptions(EvictionPolicy.@Nullable Factory policy, boolean poisonsFreed,
        @Nullable Consumer<String> leakListener, long maxCachedBytes, @Nullable BlockStore store,
        long maxStoreQueueBytes, int storeChunkTokens, StoreWrites storeWrites) {
    /** Default limit of blocks that wait to be written to a store: 64 MiB. */
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

    /** No index, no debugging aids, and no limit of cached prefixes except the pool's own. */
    public static KvPoolOptions defaults() {
        return new KvPoolOptions(null, false, null, Long.MAX_VALUE, null, DEFAULT_MAX_STORE_QUEUE_BYTES,
                BlockStore.DEFAULT_CHUNK_TOKENS, StoreWrites.COMPLETE);
    }

    /**
     * With a prefix index and LRU eviction. In replayed traces no other policy was better on all of them, and ARC on
     * none.
     */
    public KvPoolOptions withPrefixIndex() {
        return withPrefixIndex(LruPolicy::new);
    }

    /** With a prefix index and the given eviction policy. */
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
     * With a store below the prefix index. It receives evicted blocks and is searched for blocks that the index lacks.
     * The caller closes it, after the pool.
     */
    public KvPoolOptions withBlockStore(BlockStore newStore) {
        return new KvPoolOptions(policy, poisonsFreed, leakListener, maxCachedBytes, newStore, maxStoreQueueBytes,
                newStore.chunkTokens(), newStore.writes());
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
