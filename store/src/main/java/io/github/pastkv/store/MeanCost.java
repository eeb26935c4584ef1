package io.github.pastkv.store;

/**
 * What a unit costs in time, as a moving mean over what was measured last: each measurement has an eighth of the
 * weight. Safe for any number of threads.
 */
final class MeanCost {
    private static final double WEIGHT = 1 / 8.0;

    private double nanos = Double.NaN;

    /** Adds a measurement of some units, at least one. */
    synchronized void add(long units, long duration) {
        double measured = (double) duration / units;
        nanos = Double.isNaN(nanos) ? measured : nanos + WEIGHT * (measured - nanos);
    }

    /** Nanoseconds for a unit; NaN before anything was measured. */
    synchronized double nanos() {
        return nanos;
    }
}
