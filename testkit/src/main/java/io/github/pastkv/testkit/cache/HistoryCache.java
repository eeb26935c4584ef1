package io.github.pastkv.testkit.cache;

import io.github.pastkv.cache.layout.KvWindow;

/**
 * A cache form with forks and rewinds, as {@link HistoryCacheContractTest} drives it. Windowed forms free what no later
 * token attends to.
 */
public interface HistoryCache extends OneLayerCache {
    /**
     * What the contract asks for.
     *
     * @param layer rows, sizes, types
     * @param window what tokens see; a form without windows is tested with {@link KvWindow#NONE} only
     * @param maxRewindTokens how far back the form must always be able to go
     */
    record Setup(OneLayerCache.Setup layer, KvWindow window, int maxRewindTokens) {}

    /** A cache of its own with the same tokens; either may be closed first. */
    HistoryCache fork();

    /** Whether the first {@code numTokens} tokens can be gone back to, so that all that the next one sees is there. */
    boolean canTruncate(int numTokens);

    /**
     * Keeps the first tokens of every row.
     *
     * @throws IllegalArgumentException where {@link #canTruncate} says no; nothing has changed
     */
    void truncate(int numTokens);

    /**
     * Appends tokens {@code [from, to)} of every row of another cache of this form, as they are stored there.
     *
     * @throws IllegalArgumentException for tokens that are not there (any more); nothing has changed
     */
    void graft(HistoryCache source, int from, int to);
}
