package io.github.pastkv.cache.events;

/** Emits events to JDK Flight Recorder, if the running Java has it. */
public final class KvEvents {
    private static final boolean HAS_RECORDER = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private KvEvents() {}

    public static void hit(String namespace, int numTokens, int numReused) {
        if (HAS_RECORDER) {
            FlightEvents.hit(namespace, numTokens, numReused);
        }
    }

    public static void miss(String namespace, int numTokens) {
        if (HAS_RECORDER) {
            FlightEvents.miss(namespace, numTokens);
        }
    }

    public static void evict(long numEvicted) {
        if (HAS_RECORDER) {
            FlightEvents.evict(numEvicted);
        }
    }

    public static void fork(int numRows, int numSlots) {
        if (HAS_RECORDER) {
            FlightEvents.fork(numRows, numSlots);
        }
    }

    public static void exhaust(int numBlocksAsked, int numBlocksFree, int numBlocksEvictable, long limitBytes) {
        if (HAS_RECORDER) {
            FlightEvents.exhaust(numBlocksAsked, numBlocksFree, numBlocksEvictable, limitBytes);
        }
    }
}
