package io.github.pastkv.cache.prefix;

/** Eviction priority of a prefix: all of a lower priority are evicted before any of a higher one. */
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

    /** Rank in the order of eviction, from 0. */
    public int level() {
        return level;
    }
}
