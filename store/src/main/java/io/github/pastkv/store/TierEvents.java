package io.github.pastkv.store;

/** Emits what tiers do to JDK Flight Recorder, if the running Java has it. */
final class TierEvents {
    private static final boolean HAS_RECORDER = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private TierEvents() {}

    static void load(String tier, String chunk, int numTokens, long bytes, long loadNanos) {
        if (HAS_RECORDER) {
            TierFlightEvents.load(tier, chunk, numTokens, bytes, loadNanos);
        }
    }

    static void write(String tier, String chunk, long bytes, String result) {
        if (HAS_RECORDER) {
            TierFlightEvents.write(tier, chunk, bytes, result);
        }
    }

    static void refuse(String tier, String chunk, String reason) {
        if (HAS_RECORDER) {
            TierFlightEvents.refuse(tier, chunk, reason);
        }
    }

    static void evict(String tier, String chunk, long bytes) {
        if (HAS_RECORDER) {
            TierFlightEvents.evict(tier, chunk, bytes);
        }
    }
}
