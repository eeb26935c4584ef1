package io.github.pastkv.cache.check;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Checks of arguments, with messages that give name, actual value and limit. */
public final class Require {
    private Require() {}

    /** Rejects zero and negative numbers. */
    public static void positive(String name, long value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + ": " + value + ", must be positive");
        }
    }

    /** Rejects negative numbers. */
    public static void notNegative(String name, long value) {
        if (value < 0) {
            throw new IllegalArgumentException(name + ": " + value + ", must not be negative");
        }
    }

    /** Rejects null, and an array that holds it. */
    public static void noNulls(String name, @Nullable Object @Nullable [] values) {
        Objects.requireNonNull(values, () -> name + ": null");
        for (int i = 0; i < values.length; i++) {
            int index = i;
            Objects.requireNonNull(values[i], () -> name + "[" + index + "]: null");
        }
    }

    /** Rejects an index outside {@code [0, length)}. */
    public static int index(String name, int value, int length) {
        return (int) index(name, value, (long) length);
    }

    /** Rejects an index outside {@code [0, length)}. */
    public static long index(String name, long value, long length) {
        if (value < 0 || value >= length) {
            throw new IndexOutOfBoundsException(name + ": " + value + ", must be in [0, " + length + ")");
        }
        return value;
    }

    /** Rejects a range {@code [from, to)} that is not within {@code [0, length)}. */
    public static void range(String name, long from, long to, long length) {
        if (from < 0 || from > to || to > length) {
            throw new IndexOutOfBoundsException(
                    name + ": [" + from + ", " + to + "), must be within [0, " + length + ")");
        }
    }
}
