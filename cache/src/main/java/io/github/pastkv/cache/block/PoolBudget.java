package io.github.pastkv.cache.block;

/**
 * The limit in bytes that several block pools share, and the bytes of their blocks in use (held or cached). It is also
 * the one lock of those pools, of the counts of their block tables and of the index over them; callers hold it.
 */
public final class PoolBudget {
    /** Owner of the cached blocks, which evicts them when memory is needed. */
    public interface Evictor {
        /** Bytes of blocks that could be evicted. */
        long evictableBytes();

        /** Evicts some blocks, which are free afterward; false if none can be evicted. */
        boolean evictOne();

        /** Evicts some blocks, which are no longer cached but may stay held until they are written to a store. */
        default boolean trimOne() {
            return evictOne();
        }

        /** Called without the lock before bytes are allocated, so that room can be made for them. */
        default void prepareRoom(long bytes) {}

        /** Evicts a node although its block is held; false if a descendant is held or pinned. */
        boolean evictSubtree(int node);

        /** Called when a block of a node is held again. */
        void held(int node);

        /** Called when a block of a node is no longer held. */
        void unheld(BlockPool pool, int blockId, int node);
    }

    private static final Evictor CACHES_NOTHING = new Evictor() {
        @Override
        public long evictableBytes() {
            return 0;
        }

        @Override
        public boolean evictOne() {
            return false;
        }

        @Override
        public boolean evictSubtree(int node) {
            return false;
        }

        @Override
        public void held(int node) {
            throw new AssertionError(node);
        }

        @Override
        public void unheld(BlockPool pool, int blockId, int node) {
            throw new AssertionError(node);
        }
    };

    private final long limitBytes;
    private final long maxCachedBytes;
    private Evictor evictor = CACHES_NOTHING;
    private long usedBytes;
    private long cachedBytes; // of these, those of cached blocks

    public PoolBudget(long limitBytes, long maxCachedBytes) {
        this.limitBytes = limitBytes;
        this.maxCachedBytes = maxCachedBytes;
    }

    public Evictor evictor() {
        return evictor;
    }

    public void setEvictor(Evictor newEvictor) {
        evictor = newEvictor;
    }

    long limitBytes() {
        return limitBytes;
    }

    /** Bytes that are neither held nor cached. */
    public long leftBytes() {
        return limitBytes - usedBytes;
    }

    /**
     * Counts bytes as used, after evicting cached blocks if needed. Returns false and changes nothing if the limit does
     * not allow it.
     */
    boolean tryTake(long bytes) {
        if (bytes > leftBytes() + evictor.evictableBytes()) {
            return false;
        }
        while (bytes > leftBytes()) {
            if (!evictor.evictOne()) {
                throw new IllegalStateException("the index counts " + evictor.evictableBytes()
                        + " bytes that it does not give up");
            }
        }
        usedBytes += bytes;
        return true;
    }

    void giveBack(long bytes) {
        usedBytes -= bytes;
    }

    /** Bytes of cached blocks. */
    public long cachedBytes() {
        return cachedBytes;
    }

    /** Called when the last holder releases a block that stays cached. */
    void addCached(long bytes) {
        cachedBytes += bytes;
        trimCached();
    }

    /** Evicts cached blocks while they exceed their limit, as far as possible. */
    public void trimCached() {
        boolean gives = true;
        while (gives && cachedBytes > maxCachedBytes) {
            gives = evictor.trimOne();
        }
    }

    /** Called when a cached block is held again or freed. */
    void removeCached(long bytes) {
        cachedBytes -= bytes;
    }
}
