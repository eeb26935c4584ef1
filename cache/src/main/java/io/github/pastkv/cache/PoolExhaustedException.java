package io.github.pastkv.cache;

/** A step needs more blocks than the pool's limit leaves; nothing has changed. */
public final class PoolExhaustedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int numBlocksAsked;
    private final int numBlocksFree;
    private final long limitBytes;

    public PoolExhaustedException(int numBlocksAsked, int numBlocksFree, long limitBytes) {
        super("cache pool is full: " + numBlocksAsked + " blocks asked, " + numBlocksFree + " free, limit "
                + limitBytes + " bytes");
        this.numBlocksAsked = numBlocksAsked;
        this.numBlocksFree = numBlocksFree;
        this.limitBytes = limitBytes;
    }

    public int numBlocksAsked() {
        return numBlocksAsked;
    }

    /** Blocks that could still be had, those not yet allocated included. */
    public int numBlocksFree() {
        return numBlocksFree;
    }

    public long limitBytes() {
        return limitBytes;
    }
}
