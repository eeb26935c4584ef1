package io.github.pastkv.cache.layout;

/**
 * Which positions a token of a layer sees, up to its own: all of them, or the last {@code numTokens} with its own among
 * them (a sliding window), and before those the first {@code numSinks} (attention sinks, StreamingLLM: Xiao et al.
 * 2023). Positions are absolute; pads have none, so that they never use up a window.
 *
 * @param numTokens length of the window in tokens, the query's own included; 0 for no limit
 * @param numSinks first positions that are seen in any case; 0 without a window
 */
public record KvWindow(int numTokens, int numSinks) {
    /** Every token sees all before it. */
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

    /** Whether there is a limit. */
    public boolean isBounded() {
        return numTokens > 0;
    }

    /**
     * First position of the window of the token at {@code position}, which sees {@code [0, numSinks)} and
     * {@code [firstVisible, position]}.
     */
    public int firstVisible(int position) {
        return isBounded() ? Math.max(0, position - numTokens + 1) : 0;
    }

    /** Whether the token at {@code query} sees the one at {@code position}. */
    public boolean sees(int query, int position) {
        return position <= query && (position < numSinks || position >= firstVisible(query));
    }

    /** How many positions the token at {@code query} sees, its own included. */
    public int numSeen(int query) {
        int first = firstVisible(query);
        return query + 1 - first + Math.min(numSinks, first);
    }

    /** Whether a token sees everything here that it sees through {@code other}. */
    public boolean covers(KvWindow other) {
        return !isBounded()
                || (other.isBounded() && numTokens >= other.numTokens
                        && numSinks >= other.numSinks);
    }

    /**
     * The one of the two that sees less.
     *
     * @throws IllegalArgumentException when each sees something that the other does not
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

    /** As {@code inspect} prints it. */
    @Override
    public String toString() {
        if (!isBounded()) {
            return "no window";
        }
        return numSinks == 0 ? "window " + numTokens : "window " + numTokens + " + " + numSinks + " sinks";
    }
}
