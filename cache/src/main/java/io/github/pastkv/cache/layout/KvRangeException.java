package io.github.pastkv.cache.layout;

/**
 * Thrown when a key or value exceeds the largest finite number of its storage type: it would be stored as infinity, and
 * attention would return NaN.
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

    /** The same with the layer and position of the number. */
    public KvRangeException at(String place) {
        return new KvRangeException(place + ": " + getMessage());
    }
}
