package io.github.pastkv.cache.block;

/**
 * Bytes of blocks in use (held or cached) that block pools share a limit of. It is also the one lock over those pools,
 * their block tables' counts and the index over them: whoever calls holds it.
 */
public final class PoolBudget {
    /** What caches blocks that nobody holds, and gives them up when room is needed. */
    public interface Evictor {
        /** Bytes of blocks that could be given up. */
        long evictableBytes();

        /** Gives up some blocks, which are free afterwards; false where none can be. */
        boolean evictOne();

        /** Gives up some blocks, which are no longer cached but may be held for a while to be written to a store. */
        default boolean trimOne() {
            return evictOne();
        }

        /** Called without the lock before so many bytes are taken: room may be made for them. */
        default void prepareRoom(long bytes) {}

        /** Gives a node up, though its block is held; false where others hold or pin something that goes on from it. */
        boolean evictSubtree(int node);

        /** A block of a node is held again. */
        void held(int node);

        /** A block of a node is held no more. */
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
     * Counts bytes as used, after giving up cached blocks where that is needed; or changes nothing, and returns false,
     * where the limit does not leave as many.
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

    /** Nobody holds a block any more that is cached. */
    void addCached(long bytes) {
        cachedBytes += bytes;
        trimCached();
    }

    /** Gives up the least useful of the cached blocks while they are too many, as far as it can be. */
    public void trimCached() {
        boolean gives = true;
        while (gives && cachedBytes > maxCachedBytes) {
            gives = evictor.trimOne();
        }
    }

    /** A cached block is held again, or free. */
    void removeCached(long bytes) {
        cachedBytes -= bytes;
    }
}
