package io.github.pastkv.cache.prefix;

/** The order in which prefixes are evicted: all of a lower priority before any of a higher one. */
public enum EvictionPriority {
    /** Evicted first. */
    LOW(0),
    /** The default. */
    NORMAL(1),
    /** Evicted last. */
    HIGH(2);

    private final int level;

    EvictionPriority(int level) {
        this.level = level;
    }

    /** Position in the order of eviction, from 0. */
    public int level() {
        return level;
    }
}
