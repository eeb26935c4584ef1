package io.github.pastkv.cache.prefix;

/** Which prefixes go first when room is needed: all of a lower priority before any of a higher one. */
public enum EvictionPriority {
    LOW, NORMAL, HIGH
}
