package io.github.pastkv.cache.radix;

import java.util.Arrays;

/**
 * The token ids of one row, as far as they are known without a gap, and how far its blocks are exact and in the index.
 * Exact means a function of the model, the namespace and the token ids; what was edited, grafted or imported is
 * derived, and so is all that follows from it.
 */
final class RowTokens {
    private static final int NOWHERE = Integer.MAX_VALUE;

    private int[] tokenIds;
    private int numKnown;
    private int derivedFrom = NOWHERE;
    private int numPublished;
    /** The node of the last whole block in the index, its stamp, and the blocks up to its end; 0 blocks for none. */
    private int cursorNode;
    private long cursorStamp;
    private int cursorBlocks;

    RowTokens() {
        this.tokenIds = new int[16];
    }

    private RowTokens(RowTokens other) {
        tokenIds = Arrays.copyOf(other.tokenIds, Math.max(16, other.numKnown));
        numKnown = other.numKnown;
        derivedFrom = other.derivedFrom;
        numPublished = other.numPublished;
        cursorNode = other.cursorNode;
        cursorStamp = other.cursorStamp;
        cursorBlocks = other.cursorBlocks;
    }

    RowTokens copy() {
        return new RowTokens(this);
    }

    /** Known ids, with those of the step under way behind them. */
    int[] tokenIds() {
        return tokenIds;
    }

    int numKnown() {
        return numKnown;
    }

    /** Whether all of a row's tokens are known and exact, so that the index may be asked for more of them. */
    boolean isKnownAndExact(int numTokens) {
        return numKnown == numTokens && derivedFrom >= numTokens;
    }

    /** Leading tokens that are known and exact. */
    int numPublishable() {
        return Math.min(numKnown, derivedFrom);
    }

    /** The position from which on a row of {@code numTokens} tokens is derived; {@code numTokens} if it is exact. */
    int numExact(int numTokens) {
        return Math.min(numTokens, derivedFrom);
    }

    void markDerived(int fromPosition) {
        derivedFrom = Math.min(derivedFrom, fromPosition);
        truncatePublished(derivedFrom);
    }

    /** Puts ids of a step behind the known ones; they count with {@link #commit}. */
    void stage(int[] newTokenIds, int from, int count) {
        if (tokenIds.length < numKnown + count) {
            tokenIds = Arrays.copyOf(tokenIds, Math.max(numKnown + count, 2 * tokenIds.length));
        }
        System.arraycopy(newTokenIds, from, tokenIds, numKnown, count);
    }

    /** Takes over staged ids of a row that held {@code numTokens} tokens; after a gap none can be. */
    void commit(int numTokens, int count) {
        if (numKnown == numTokens) {
            numKnown += count;
        }
    }

    void truncate(int numTokens) {
        numKnown = Math.min(numKnown, numTokens);
        derivedFrom = derivedFrom >= numTokens ? NOWHERE : derivedFrom;
        truncatePublished(numTokens);
    }

    private void truncatePublished(int numTokens) {
        if (numPublished > numTokens) {
            numPublished = numTokens;
            cursorBlocks = 0;
        }
    }

    int numPublished() {
        return numPublished;
    }

    void setPublished(int numTokens) {
        numPublished = numTokens;
    }

    int cursorNode() {
        return cursorNode;
    }

    long cursorStamp() {
        return cursorStamp;
    }

    int cursorBlocks() {
        return cursorBlocks;
    }

    void setCursor(int node, long stamp, int numBlocks) {
        cursorNode = node;
        cursorStamp = stamp;
        cursorBlocks = numBlocks;
    }
}
