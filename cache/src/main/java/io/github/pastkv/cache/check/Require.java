package io.github.pastkv.cache.check;

/** Checks of arguments, with messages that give name, actual value and limit. */
public final class Require {
    private Require() {}

    /** Rejects zero and negative numbers. */
    public static void positive(String name, long value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + ": " + value + ", must be positive");
        }
    }

    /** Rejects an index outside {@code [0, length)}. */
    public static void index(String name, int value, int length) {
        if (value < 0 || value >= length) {
            throw new IndexOutOfBoundsException(name + ": " + value + ", must be in [0, " + length + ")");
        }
    }
}
