package io.github.pastkv.lens.patching;

/** Receives the progress of a sweep, on the thread that runs it. */
@FunctionalInterface
public interface SweepListener {
    /** Ignores progress and never ends the sweep. */
    SweepListener NONE = (_, _) -> true;

    /**
     * Called after some cells have been run.
     *
     * @param numDone cells of this grid that have their number now
     * @param numCells cells of this grid
     * @return whether to continue; finished cells are kept
     */
    boolean onProgress(long numDone, long numCells);
}
