package io.github.pastkv.springai;

/**
 * What a chat model has done so far.
 *
 * @param numRunning calls that run now
 * @param numPromptTokens tokens of the prompts of all calls that have ended
 * @param numCachedTokens how many of them were found in the prefix cache, and not computed
 * @param numGeneratedTokens tokens of their answers
 */
public record PastKvChatStats(int numRunning, long numPromptTokens, long numCachedTokens, long numGeneratedTokens) {}
