package io.github.pastkv.cache.prefix;

/** Which prefixes go first when room is needed: all of a lower priority before any of a higher one. */
public enum EvictionPriority {
    LOW(0), NORMAL(1), HIGH(2);

    static final int NUM_LEVELS = 3;

    private final int level;

    EvictionPriority(int level) {
        this.level = level;
    }

    int level() {
        return level;
    }
}
