package io.github.pastkv.lens.circuits;

/** Hears how a search gets on, on its thread. */
@FunctionalInterface
public interface CircuitListener {
    /** Hears nothing and lets it run. */
    CircuitListener NONE = (_, _) -> true;

    /**
     * Some edges are decided.
     *
     * @param numRuns runs so far
     * @param numUndecided edges left
     * @return whether to go on; what is decided is kept
     */
    boolean onProgress(long numRuns, long numUndecided);
}
