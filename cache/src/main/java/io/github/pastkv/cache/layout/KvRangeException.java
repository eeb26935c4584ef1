package io.github.pastkv.cache.layout;

/**
 * A key or value is beyond the largest finite number of its storage type; stored, it would become infinite, and
 * attention would give NaN.
 */
public final class KvRangeException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private KvRangeException(String message) {
        super(message);
    }

    static KvRangeException of(String what, float number, KvType type) {
        return new KvRangeException(what + ": " + number + " is beyond the range of " + type
                + "; store them as bf16, f32 or q8 instead");
    }

    /** The same, with the place that the number was written to. */
    public KvRangeException at(String place) {
        return new KvRangeException(place + ": " + getMessage());
    }
}
