package io.github.pastkv.model.engine;

/**
 * What an engine has computed since it was made.
 *
 * @param numPasses forward passes
 * @param numSteps steps of groups that they completed; more than passes where steps shared some
 * @param numTokens tokens
 * @param numPreemptions groups that gave their memory to others and were recomputed later
 */
public record EngineStats(long numPasses, long numSteps, long numTokens, long numPreemptions) {}
