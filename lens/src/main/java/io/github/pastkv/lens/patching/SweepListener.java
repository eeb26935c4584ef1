package io.github.pastkv.lens.patching;

/** Hears how a sweep gets on, on its thread. */
@FunctionalInterface
public interface SweepListener {
    /** Hears nothing and lets it run. */
    SweepListener NONE = (_, _) -> true;

    /**
     * Some cells are done.
     *
     * @param numDone cells of this grid that have their number now
     * @param numCells cells of this grid
     * @return whether to go on; what is done is kept
     */
    boolean onProgress(long numDone, long numCells);
}
