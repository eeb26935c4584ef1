package io.github.pastkv.cache;

import io.github.pastkv.cache.block.Allocation;

/** A step needs more blocks than the pool's limit leaves; nothing has changed. */
public final class PoolExhaustedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int numBlocksAsked;
    private final int numBlocksFree;
    private final int numBlocksEvictable;
    private final long limitBytes;

    PoolExhaustedException(Allocation.Exhausted result) {
        super("cache pool is full: " + result.numBlocksAsked() + " blocks asked, " + result.numBlocksFree() + " free, "
                + result.numBlocksEvictable() + " evictable, limit " + result.limitBytes() + " bytes");
        this.numBlocksAsked = result.numBlocksAsked();
        this.numBlocksFree = result.numBlocksFree();
        this.numBlocksEvictable = result.numBlocksEvictable();
        this.limitBytes = result.limitBytes();
    }

    public int numBlocksAsked() {
        return numBlocksAsked;
    }

    /** Blocks that nobody held and nothing cached, those not yet taken from the system included. */
    public int numBlocksFree() {
        return numBlocksFree;
    }

    /** Cached blocks that could have been given up besides. */
    public int numBlocksEvictable() {
        return numBlocksEvictable;
    }

    public long limitBytes() {
        return limitBytes;
    }
}
