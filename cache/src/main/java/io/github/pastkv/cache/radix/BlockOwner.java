package io.github.pastkv.cache.radix;

/** The pools behind a {@link PrefixTree}, one for each layer group. Called under the tree's lock only. */
public interface BlockOwner {
    /**
     * A block's first {@code numTokens} slots belong to a node from now on, and must not be written again.
     *
     * @return whether somebody holds the block
     */
    boolean attach(int group, int blockId, int node, int numTokens);

    /**
     * A block belongs to no node any more; if nobody holds it, it is free.
     *
     * @return whether somebody holds the block
     */
    boolean detach(int group, int blockId);

    /** Whether somebody holds a block. */
    boolean isHeld(int group, int blockId);

    /** Whether a block belongs to this node with so many slots. */
    boolean isAttached(int group, int blockId, int node, int numTokens);

    /** Bytes of a block of a group. */
    long blockBytes(int group);

    /** An unlocked node is about to be evicted; its blocks may be taken. */
    default void evicting(int node) {}

    /** A node has become locked, or is unlocked. */
    default void lockChanged(int node, boolean locked) {}
}
