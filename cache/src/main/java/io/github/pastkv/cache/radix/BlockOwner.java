package io.github.pastkv.cache.radix;

/** The block pools of a {@link PrefixTree}, one for each layer group. Called under the tree's lock only. */
public interface BlockOwner {
    /**
     * Assigns the first {@code numTokens} slots of a block to a node; they must not be written again.
     *
     * @return whether the block is held
     */
    boolean attach(int group, int blockId, int node, int numTokens);

    /**
     * Removes a block from its node; if it is not held, it becomes free.
     *
     * @return whether the block is held
     */
    boolean detach(int group, int blockId);

    /** Whether a block is held. */
    boolean isHeld(int group, int blockId);

    /** Whether a block belongs to this node with this number of slots. */
    boolean isAttached(int group, int blockId, int node, int numTokens);

    /** Block size of a group, in bytes. */
    long blockBytes(int group);

    /** Called before an unlocked node is evicted; its blocks may be taken over. */
    default void evicting(int node) {}

    /** Called when a node becomes locked or unlocked. */
    default void lockChanged(int node, boolean locked) {}
}
