package io.github.pastkv.store;

/** A medium cannot answer now; the message says why. */
public final class TierUnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    /** With why it cannot answer. */
    public TierUnavailableException(String message) {
        super(message);
    }
}
