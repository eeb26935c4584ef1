package io.github.pastkv.model.generation;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts the tokens computed for one tenant. Among prefills of equal priority, the engine schedules those of the share
 * with the fewest computed tokens first (virtual token counter, Sheng et al., OSDI 2024). Tokens that are found in the
 * prefix cache are not computed, and are not counted.
 *
 * <p>A tenant that returns after a pause must not be served alone until it has caught up with the others:
 * {@link #raiseTo} sets its counter to the lowest of those that are active.
 *
 * <p>Safe for any number of threads; generations of several models may have one share.
 */
public final class ComputeShare {
    /** The share of everything that is computed without one of its own. */
    public static final ComputeShare COMMON = new ComputeShare();

    private final AtomicLong numTokens = new AtomicLong();

    /** A share for which nothing has been computed. */
    public ComputeShare() {}

    /** Tokens counted so far. */
    public long numTokens() {
        return numTokens.get();
    }

    /** Counts computed tokens. */
    public void add(long numComputed) {
        numTokens.addAndGet(numComputed);
    }

    /** Raises the counter to {@code least} if it is lower. */
    public void raiseTo(long least) {
        numTokens.accumulateAndGet(least, Math::max);
    }

    @Override
    public String toString() {
        return "ComputeShare[" + numTokens + " tokens]";
    }
}
