package io.github.pastkv.model.engine;

import java.util.List;

/**
 * Statistics of an engine since its creation.
 *
 * @param numPasses forward passes
 * @param numSteps completed steps; more than passes if steps were batched
 * @param numTokens tokens
 * @param passesBySize forward passes by the number of their tokens: element i counts those of more than
 *        2<sup>i - 1</sup> and at most 2<sup>i</sup> tokens
 * @param numPreemptions times that a group's memory was released for others, to be recomputed when it goes on
 * @param numWaiting groups that wait for memory now, without holding any
 */
public record EngineStats(long numPasses, long numSteps, long numTokens, List<Long> passesBySize, long numPreemptions,
        int numWaiting) {
    public EngineStats {
        passesBySize = List.copyOf(passesBySize);
    }
}
