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
}
