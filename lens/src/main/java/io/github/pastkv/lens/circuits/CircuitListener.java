package io.github.pastkv.lens.circuits;

/** Receives the progress of a search, on the thread that runs it. */
@FunctionalInterface
public interface CircuitListener {
    /** Ignores progress and never ends the search. */
    CircuitListener NONE = (_, _) -> true;

    /**
     * Called after some edges have been decided.
     *
     * @param numRuns runs so far
     * @param numUndecided edges left
     * @return whether to continue; decided edges are kept
     */
    boolean onProgress(long numRuns, long numUndecided);
}
