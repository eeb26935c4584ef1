package io.github.pastkv.cache.radix;

/** The pools behind a {@link PrefixTree}, one for each layer group. Called under the tree's lock only. */
public interface BlockStore {
    /**
     * A block's first {@code numTokens} slots belong to an entry from now on, and must not be written again.
     *
     * @return whether somebody holds the block
     */
    boolean attach(int group, int blockId, int entry, int numTokens);

    /**
     * A block belongs to no entry any more; if nobody holds it, it is free.
     *
     * @return whether somebody holds the block
     */
    boolean detach(int group, int blockId);

    /** Whether somebody holds a block. */
    boolean isHeld(int group, int blockId);

    /** Whether a block belongs to this entry with so many slots. */
    boolean isAttached(int group, int blockId, int entry, int numTokens);

    /** Bytes of a block of a group. */
    long blockBytes(int group);

    /** An entry has become blocked, or is blocked no more. */
    default void blockedChanged(int entry, boolean blocked) {}
}
