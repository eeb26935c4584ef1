package io.github.pastkv.cache;

import io.github.pastkv.cache.prefix.PrefixNamespace;

/** Tells the Flight Recorder what happens, where the running Java has one. */
final class KvEvents {
    private static final boolean HAS_RECORDER = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private KvEvents() {}

    static void hit(PrefixNamespace namespace, int numTokens, int numReused) {
        if (HAS_RECORDER) {
            FlightEvents.hit(namespace.label(), numTokens, numReused);
        }
    }

    static void miss(PrefixNamespace namespace, int numTokens) {
        if (HAS_RECORDER) {
            FlightEvents.miss(namespace.label(), numTokens);
        }
    }

    static void evict(long numEvicted) {
        if (HAS_RECORDER) {
            FlightEvents.evict(numEvicted);
        }
    }

    static void fork(int numRows, int numSlots) {
        if (HAS_RECORDER) {
            FlightEvents.fork(numRows, numSlots);
        }
    }

    static void exhaust(Allocation.Exhausted result) {
        if (HAS_RECORDER) {
            FlightEvents.exhaust(result);
        }
    }
}
