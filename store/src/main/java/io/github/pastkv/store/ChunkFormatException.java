package io.github.pastkv.store;

/** Bytes that are not a chunk that this version reads; the message says what is wrong. */
public final class ChunkFormatException extends Exception {
    private static final long serialVersionUID = 1L;

    /** With what is wrong. */
    public ChunkFormatException(String message) {
        super(message);
    }
}
