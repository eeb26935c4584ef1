package io.github.pastkv.cache.layout;

/**
 * The positions that a token of a layer attends to: all up to its own, or the last {@code numTokens} including its own
 * (sliding window) and the first {@code numSinks} (attention sinks; StreamingLLM, Xiao et al., ICLR 2024). Positions
 * are absolute. Padding has none, so it does not count towards a window.
 *
 * @param numTokens length of the window in tokens, the query's own included; 0 for no limit
 * @param numSinks first positions that are always attended to; 0 without a window
 */
public record KvWindow(int numTokens, int numSinks) {
    /** No window: every token attends to all tokens before it. */
    public static final KvWindow NONE = new KvWindow(0, 0);

    public KvWindow {
        if (numTokens < 0) {
            throw new IllegalArgumentException("numTokens: " + numTokens + ", must not be negative");
        }
        if (numSinks < 0 || (numSinks > 0 && numTokens == 0)) {
            throw new IllegalArgumentException(
                    "numSinks: " + numSinks + ", must not be negative, and 0 without a window");
        }
    }

    /** The last {@code numTokens} positions; 0 for all. */
    public static KvWindow of(int numTokens) {
        return new KvWindow(numTokens, 0);
    }

    /** Whether there is a window. */
    public boolean isBounded() {
        return numTokens > 0;
    }

    /**
     * First position of the window of the token at {@code position}, which attends to {@code [0, numSinks)} and
     * {@code [firstVisible, position]}.
     */
    public int firstVisible(int position) {
        return isBounded() ? Math.max(0, position - numTokens + 1) : 0;
    }

    /** Whether the token at {@code query} attends to the one at {@code position}. */
    public boolean sees(int query, int position) {
        return position <= query && (position < numSinks || position >= firstVisible(query));
    }

    /** Number of positions that the token at {@code query} attends to, including its own. */
    public int numSeen(int query) {
        int first = firstVisible(query);
        return query + 1 - first + Math.min(numSinks, first);
    }

    /** Whether a token attends to at least the positions that it attends to with {@code other}. */
    public boolean covers(KvWindow other) {
        return !isBounded()
                || (other.isBounded() && numTokens >= other.numTokens
                        && numSinks >= other.numSinks);
    }

    /**
     * The narrower one of the two.
     *
     * @throws IllegalArgumentException if neither covers the other
     */
    public KvWindow narrower(KvWindow other) {
        if (covers(other)) {
            return other;
        }
        if (other.covers(this)) {
            return this;
        }
        throw new IllegalArgumentException("window: " + this + " and " + other + ", neither covers the other");
    }

    /** As printed by {@code inspect}. */
    @Override
    public String toString() {
        if (!isBounded()) {
            return "no window";
        }
        return numSinks == 0 ? "window " + numTokens : "window " + numTokens + " + " + numSinks + " sinks";
    }
}
