package io.github.pastkv.chat;

import org.jspecify.annotations.Nullable;

/**
 * A branch of a conversation.
 *
 * @param parent the branch that it was forked from; null for the first
 * @param numSharedTurns turns that it has from there
 * @param numTurns turns that it has
 * @param numCachedTokens tokens that its session holds
 * @param isCurrent whether it is the current branch
 */
public record BranchInfo(String name, @Nullable String parent, int numSharedTurns, int numTurns, int numCachedTokens,
        boolean isCurrent) {}
