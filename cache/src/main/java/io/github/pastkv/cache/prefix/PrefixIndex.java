package io.github.pastkv.cache.prefix;

import java.time.Duration;

/**
 * Automatic prefix caching: finds the blocks of running and finished sequences of a pool by their token ids
 * (RadixAttention, Zheng et al., 2023). A hit covers all matching tokens, not only whole blocks, except those that
 * windowed layers have evicted. A hit holds its blocks, so that they are not evicted. Other blocks stay until memory is
 * needed; the eviction policy chooses which go first.
 *
 * <p>Only exact blocks are indexed: those that follow from the model and the token ids alone. Blocks that were edited,
 * grafted or imported, and blocks that follow them, are never found.
 *
 * <p>Safe for any number of threads. Lives as long as its pool.
 */
public interface PrefixIndex {
    /** Protects cached blocks from eviction until it is closed. Closing again does nothing. */
    interface Pin extends AutoCloseable {
        /** Number of leading tokens that are protected. */
        int numTokens();

        @Override
        void close();
    }

    /**
     * How many of these tokens a request would reuse now, from where, and why not more; changes nothing. Asks the store
     * below, and may wait for it.
     */
    PrefixExplanation explain(PrefixNamespace namespace, int[] tokenIds);

    /** {@link #explain} without asking the store, which may have more. */
    PrefixExplanation explainInMemory(PrefixNamespace namespace, int[] tokenIds);

    /** Protects the cached blocks of these tokens from eviction until the result is closed. */
    Pin pin(PrefixNamespace namespace, int[] tokenIds);

    /**
     * Sets the eviction priority of the cached blocks of these tokens.
     *
     * @return number of leading tokens that are cached and were affected
     */
    int setPriority(PrefixNamespace namespace, int[] tokenIds, EvictionPriority priority);

    /**
     * Sets the time to live of the cached blocks of these tokens, from now. Expired blocks are not found, and are
     * evicted before all others.
     *
     * @return number of leading tokens that are cached and were affected
     */
    int setTimeToLive(PrefixNamespace namespace, int[] tokenIds, Duration timeToLive);

    /** Removes all blocks of a namespace that are neither held nor pinned; those in a store stay. */
    void clear(PrefixNamespace namespace);

    /** Removes all blocks that are neither held nor pinned; those in a store stay. */
    void clear();

    /**
     * Writes every whole block that the store does not have yet, in the calling thread, and waits for blocks evicted
     * earlier. Call it at the end of a long prompt, or before closing the pool. Blocks with a time to live are not
     * written. Does nothing without a store.
     *
     * @return number of blocks that the store accepted
     */
    int writeToStore();

    /** Statistics of the store below the index. */
    StoreUse storeUse();

    /** Statistics so far. */
    PrefixStats stats();
}
