package io.github.pastkv.store;

/** When a {@link TierStore} reads from a tier. */
public enum LoadRule {
    /** Whenever the tier has something: what is loaded depends on nothing but the content of the tiers. */
    ALWAYS,
    /**
     * Where loading is faster than computing, by the rates that this process has measured: a tier that is slower is
     * tried with one chunk from time to time, and no chunk is waited for much longer than computing it takes.
     */
    MEASURED
}
