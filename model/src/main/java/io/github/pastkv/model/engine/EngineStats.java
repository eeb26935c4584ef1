package io.github.pastkv.model.engine;

/**
 * Statistics of an engine since its creation.
 *
 * @param numPasses forward passes
 * @param numSteps completed steps; more than passes if steps were batched
 * @param numTokens tokens
 * @param numPreemptions preemptions of generations, which were recomputed later
 */
public record EngineStats(long numPasses, long numSteps, long numTokens, long numPreemptions) {}
