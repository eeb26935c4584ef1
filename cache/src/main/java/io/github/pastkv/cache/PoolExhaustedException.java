package io.github.pastkv.cache;

import io.github.pastkv.cache.block.Allocation;

/** Thrown when a step needs more blocks than the limit of the pool allows; nothing has changed. */
public final class PoolExhaustedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int numBlocksAsked;
    private final int numBlocksFree;
    private final int numBlocksEvictable;
    private final long limitBytes;

    PoolExhaustedException(Allocation.Exhausted result) {
        super("cache pool is full: " + result.numBlocksAsked() + " blocks requested, " + result.numBlocksFree()
                + " free, "
                + result.numBlocksEvictable() + " evictable, limit " + result.limitBytes() + " bytes");
        this.numBlocksAsked = result.numBlocksAsked();
        this.numBlocksFree = result.numBlocksFree();
        this.numBlocksEvictable = result.numBlocksEvictable();
        this.limitBytes = result.limitBytes();
    }

    public int numBlocksAsked() {
        return numBlocksAsked;
    }

    /** Free blocks, including those not yet allocated from the system. */
    public int numBlocksFree() {
        return numBlocksFree;
    }

    /** Cached blocks that could have been evicted. */
    public int numBlocksEvictable() {
        return numBlocksEvictable;
    }

    public long limitBytes() {
        return limitBytes;
    }
}
