package io.github.pastkv.cache.block;

/** Result of an allocation in a {@link BlockPool}. A full pool is an expected case, not an error. */
public sealed interface Allocation {
    /** All requested blocks were allocated. */
    record Granted() implements Allocation {
        public static final Granted INSTANCE = new Granted();
    }

    /**
     * No block was allocated, and nothing has changed.
     *
     * @param numBlocksAsked blocks requested
     * @param numBlocksFree free blocks, including growth up to the limit
     * @param numBlocksEvictable cached blocks that could be evicted
     * @param limitBytes most bytes of blocks
     */
    record Exhausted(int numBlocksAsked, int numBlocksFree, int numBlocksEvictable,
            long limitBytes) implements Allocation {}
}
