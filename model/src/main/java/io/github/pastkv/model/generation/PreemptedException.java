package io.github.pastkv.model.generation;

/** A generation must give its memory to others: it rewinds, waits and is recomputed. Never leaves a generation. */
public final class PreemptedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public PreemptedException() {
        super("preempted", null, false, false);
    }
}
