package io.github.pastkv.cache.block;

/** What came of asking a {@link BlockPool} for blocks. A full pool is a normal event. */
public sealed interface Allocation {
    /** All blocks asked for were given. */
    record Granted() implements Allocation {
        public static final Granted INSTANCE = new Granted();
    }

    /**
     * None was given, and nothing has changed.
     *
     * @param numBlocksAsked blocks asked for
     * @param numBlocksFree blocks that nobody holds and nothing caches, growth up to the limit included
     * @param numBlocksEvictable cached blocks that could be given up besides
     * @param limitBytes most bytes of blocks
     */
    record Exhausted(int numBlocksAsked, int numBlocksFree, int numBlocksEvictable,
            long limitBytes) implements Allocation {}
}
