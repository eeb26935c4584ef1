package io.github.pastkv.model.engine;

/**
 * Statistics of an engine since its creation.
 *
 * @param numPasses forward passes
 * @param numSteps completed steps; more than passes if steps were batched
 * @param numTokens tokens
 * @param numPreemptions times that a group's memory was released for others, to be recomputed when it goes on
 * @param numWaiting groups that wait for memory now, without holding any
 */
public record EngineStats(long numPasses, long numSteps, long numTokens, long numPreemptions, int numWaiting) {}
