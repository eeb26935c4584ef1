package io.github.pastkv.cache.radix;

import java.util.Arrays;

/**
 * The known token ids of one row, up to the first unknown one, and how many of its tokens are exact and indexed. Exact
 * means that keys and values follow from the model, the namespace and the token ids. Tokens that were edited, grafted
 * or imported are derived, and so are all that follow them.
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

    /** Known ids, followed by those of the open step. */
    int[] tokenIds() {
        return tokenIds;
    }

    int numKnown() {
        return numKnown;
    }

    /** Whether all tokens of a row are known and exact, so that the index may be searched for further ones. */
    boolean isKnownAndExact(int numTokens) {
        return numKnown == numTokens && derivedFrom >= numTokens;
    }

    /** Number of leading tokens that are known and exact. */
    int numPublishable() {
        return Math.min(numKnown, derivedFrom);
    }

    /** The first derived position of a row of {@code numTokens} tokens; {@code numTokens} if it is exact. */
    int numExact(int numTokens) {
        return Math.min(numTokens, derivedFrom);
    }

    void markDerived(int fromPosition) {
        derivedFrom = Math.min(derivedFrom, fromPosition);
        truncatePublished(derivedFrom);
    }

    /** Appends the ids of a step as staged; they become known with {@link #commit}. */
    void stage(int[] newTokenIds, int from, int count) {
        if (tokenIds.length < numKnown + count) {
            tokenIds = Arrays.copyOf(tokenIds, Math.max(numKnown + count, 2 * tokenIds.length));
        }
        System.arraycopy(newTokenIds, from, tokenIds, numKnown, count);
    }

    /** Commits the staged ids of a row that held {@code numTokens} tokens; ids after an unknown token are dropped. */
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

    /** The row's blocks are no longer its own: all of them would have to be published again. */
    void forgetPublished() {
        truncatePublished(0);
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
