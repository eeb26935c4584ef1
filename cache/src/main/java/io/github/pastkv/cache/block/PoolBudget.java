package io.github.pastkv.cache.block;

/**
 * Bytes of blocks in use (held or cached) that block pools share a limit of. It is also the one lock over those pools, their
 * block tables' counts and the index over them: whoever calls holds it.
 */
public final class PoolBudget {
    /** What caches blocks that nobody holds, and gives them up when room is needed. */
    public interface Evictor {
        /** Bytes of blocks that could be given up. */
        long evictableBytes();

        /** Gives up some blocks; false where none can be. */
        boolean evictOne();

        /** Gives an entry up, though its block is held; false where others hold or pin something that goes on from it. */
        boolean giveUp(int entry);

        /** A block of an entry is held again. */
        void held(int entry);

        /** A block of an entry is held no more. */
        void unheld(BlockPool pool, int blockId, int entry);
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
        public boolean giveUp(int entry) {
            return false;
        }

        @Override
        public void held(int entry) {
            throw new AssertionError(entry);
        }

        @Override
        public void unheld(BlockPool pool, int blockId, int entry) {
            throw new AssertionError(entry);
        }
    };

    private final long limitBytes;
    private final long maxIdleBytes;
    private Evictor evictor = CACHES_NOTHING;
    private long usedBytes;
    private long idleBytes; // of these, those of cached blocks

    public PoolBudget(long limitBytes, long maxIdleBytes) {
        this.limitBytes = limitBytes;
        this.maxIdleBytes = maxIdleBytes;
    }

    Evictor evictor() {
        return evictor;
    }

    public void setEvictor(Evictor newEvictor) {
        evictor = newEvictor;
    }

    long limitBytes() {
        return limitBytes;
    }

    /** Bytes that are neither held nor cached. */
    long leftBytes() {
        return limitBytes - usedBytes;
    }

    /**
     * Counts bytes as used, after giving up cached blocks where that is needed; or changes nothing, and returns false, where
     * the limit does not leave as many.
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
    public long idleBytes() {
        return idleBytes;
    }

    /** Nobody holds a block any more that is cached. */
    void addIdle(long bytes) {
        idleBytes += bytes;
        trimIdle();
    }

    /** Gives up the least useful of the cached blocks while they are too many, as far as it can be. */
    public void trimIdle() {
        boolean gives = true;
        while (gives && idleBytes > maxIdleBytes) {
            gives = evictor.evictOne();
        }
    }

    /** A cached block is held again, or free. */
    void removeIdle(long bytes) {
        idleBytes -= bytes;
    }
}
