package io.github.pastkv.cache.prefix;

import java.time.Duration;

/**
 * Automatic prefix caching: finds the blocks of running and finished sequences of a pool by their token ids (as
 * RadixAttention does, Zheng et al. 2024). A hit is as long as the tokens agree, to the token, except for what windowed
 * layers have evicted; it holds its blocks, so that they are not evicted. Blocks without a holder stay until their room
 * is needed; the least useful are then evicted first.
 *
 * <p>Only exact blocks enter: those computed from the model and the token ids alone. Nothing that was edited, grafted
 * or imported, or that follows from such a block, is ever found.
 *
 * <p>Safe for any number of threads. Lives as long as its pool.
 */
public interface PrefixIndex {
    /** Keeps cached blocks from being evicted until it is closed. Closing again does nothing. */
    interface Pin extends AutoCloseable {
        /** Leading tokens that are kept. */
        int numTokens();

        @Override
        void close();
    }

    /** What a request for these tokens would reuse now, from where, and why not more; changes nothing. */
    PrefixExplanation explain(PrefixNamespace namespace, int[] tokenIds);

    /** Keeps the cached blocks of these tokens from being evicted until the result is closed. */
    Pin pin(PrefixNamespace namespace, int[] tokenIds);

    /**
     * Sets the eviction priority of the cached blocks of these tokens.
     *
     * @return leading tokens that are cached, and so have it
     */
    int setPriority(PrefixNamespace namespace, int[] tokenIds, EvictionPriority priority);

    /**
     * Sets for how long from now the cached blocks of these tokens are found. After that they are evicted before all
     * others.
     *
     * @return leading tokens that are cached, and so have it
     */
    int setTimeToLive(PrefixNamespace namespace, int[] tokenIds, Duration timeToLive);

    /** Forgets all blocks of a namespace that are neither held nor pinned; those in a store stay. */
    void clear(PrefixNamespace namespace);

    /** Forgets all blocks that are neither held nor pinned; those in a store stay. */
    void clear();

    /**
     * Writes to the store beneath the index every whole block that it does not have yet, in the calling thread, and
     * waits for what was evicted before: at the end of a long prompt, or before the pool is closed. Blocks with a time
     * to live are not written. Without a store it does nothing.
     *
     * @return blocks that the store has taken
     */
    int writeToStore();

    /** What the store beneath the index was used for. */
    StoreUse storeUse();

    /** Counts so far. */
    PrefixStats stats();
}
