package io.github.pastkv.model.generation;

/**
 * Signals that a generation is preempted: it is rewound, waits and is recomputed. Never thrown to callers of a
 * generation.
 */
public final class PreemptedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public PreemptedException() {
        super("preempted", null, false, false);
    }
}
