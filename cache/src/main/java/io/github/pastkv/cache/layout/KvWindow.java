package io.github.pastkv.cache.layout;

/**
 * The positions that a token of a layer attends to: all up to its own, or the last {@code numTokens} including its own
 * (sliding window) and the first {@code numSinks} (attention sinks; StreamingLLM, Xiao et al., ICLR 2024). Positions
 * are absolute. Padding has none, so it does not count toward a window.
 *
 * <p>Positions may also be cut into chunks of equal length, of which a token attends to its own only (Llama 4). Only
 * attention knows chunks: a cache that keeps the last {@code numChunkTokens} positions keeps all that a chunk needs.
 *
 * @param numTokens length of the window in tokens, the query's own included; 0 for no limit
 * @param numSinks first positions that are always attended to; 0 without a window
 * @param numChunkTokens length of a chunk in tokens, from position 0 on; 0 for no chunks
 */
public record KvWindow(int numTokens, int numSinks, int numChunkTokens) {
    /** No window: every token attends to all tokens before it. */
    public static final KvWindow NONE = new KvWindow(0, 0);

    /** A window without chunks. */
    public KvWindow(int numTokens, int numSinks) {
        this(numTokens, numSinks, 0);
    }

    public KvWindow {
        if (numTokens < 0) {
            throw new IllegalArgumentException("numTokens: " + numTokens + ", must not be negative");
        }
        if (numSinks < 0 || (numSinks > 0 && numTokens == 0)) {
            throw new IllegalArgumentException(
                    "numSinks: " + numSinks + ", must not be negative, and 0 without a window");
        }
        if (numChunkTokens < 0 || (numChunkTokens > 0 && numSinks > 0)) {
            throw new IllegalArgumentException("numChunkTokens: " + numChunkTokens
                    + ", must not be negative, and 0 beside " + numSinks + " sinks");
        }
    }

    /** The last {@code numTokens} positions; 0 for all. */
    public static KvWindow of(int numTokens) {
        return new KvWindow(numTokens, 0);
    }

    /** Chunks of {@code numChunkTokens} positions. */
    public static KvWindow chunks(int numChunkTokens) {
        return new KvWindow(0, 0, numChunkTokens);
    }

    /** Whether there is a window or chunks. */
    public boolean isBounded() {
        return numTokens > 0 || numChunkTokens > 0;
    }

    /**
     * First position of the window of the token at {@code position}, which attends to {@code [0, numSinks)} and
     * {@code [firstVisible, position]}.
     */
    public int firstVisible(int position) {
        int chunk = numChunkTokens > 0 ? position / numChunkTokens * numChunkTokens : 0;
        return numTokens > 0 ? Math.max(chunk, position - numTokens + 1) : chunk;
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
        return (numChunkTokens == 0 || numChunkTokens == other.numChunkTokens)
                && (numTokens == 0 || (other.mostTokens() > 0 && numTokens >= other.mostTokens()
                        && numSinks >= other.numSinks));
    }

    /** Upper bound of the tokens that a token attends to, sinks not counted; 0 for no limit. */
    private int mostTokens() {
        return numTokens > 0 && numChunkTokens > 0 ? Math.min(numTokens, numChunkTokens)
                : Math.max(numTokens, numChunkTokens);
    }

    /**
     * The narrower one of the two; for a window without sinks and chunks, what both let a token attend to.
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
        if (numSinks == 0 && other.numSinks == 0 && (numChunkTokens == 0 || other.numChunkTokens == 0)) {
            int shorter = numTokens == 0 || other.numTokens == 0 ? Math.max(numTokens, other.numTokens)
                    : Math.min(numTokens, other.numTokens);
            return new KvWindow(shorter, 0, Math.max(numChunkTokens, other.numChunkTokens));
        }
        throw new IllegalArgumentException("window: " + this + " and " + other + ", neither covers the other");
    }

    /** The window of a cache that keeps what this one lets any later token attend to. */
    public KvWindow withoutChunks() {
        return numChunkTokens == 0 ? this : new KvWindow(mostTokens(), 0);
    }

    /** As printed by {@code inspect}. */
    @Override
    public String toString() {
        if (!isBounded()) {
            return "no window";
        }
        if (numChunkTokens > 0) {
            return "chunks of " + numChunkTokens + (numTokens == 0 ? "" : ", window " + numTokens);
        }
        return numSinks == 0 ? "window " + numTokens : "window " + numTokens + " + " + numSinks + " sinks";
    }
}
