package io.github.pastkv.store;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** Events of JDK Flight Recorder; loaded only if the module {@code jdk.jfr} is present. */
final class TierFlightEvents {
    private TierFlightEvents() {}

    /** A chunk came from a tier and passed verification. */
    @Name("io.github.pastkv.TierLoad")
    @Label("Tier Load")
    @Category("PastKV")
    @StackTrace(false)
    static final class TierLoad extends Event {
        @Label("Tier") String tier = "";
        @Label("Chunk") String chunk = "";
        @Label("Tokens") int numTokens;
        @Label("Bytes")
        @DataAmount long bytes;
        @Label("Load Time")
        @Timespan(Timespan.NANOSECONDS) long loadNanos;
    }

    /** A chunk was written to a tier, or was not taken. */
    @Name("io.github.pastkv.TierWrite")
    @Label("Tier Write")
    @Category("PastKV")
    @StackTrace(false)
    static final class TierWrite extends Event {
        @Label("Tier") String tier = "";
        @Label("Chunk") String chunk = "";
        @Label("Bytes")
        @DataAmount long bytes;
        @Label("Result") String result = "";
    }

    /** What a tier returned did not pass verification. */
    @Name("io.github.pastkv.TierRefuse")
    @Label("Tier Refuse")
    @Category("PastKV")
    @StackTrace(false)
    static final class TierRefuse extends Event {
        @Label("Tier") String tier = "";
        @Label("Chunk") String chunk = "";
        @Label("Reason") String reason = "";
    }

    /** A tier removed chunks to keep its limit. */
    @Name("io.github.pastkv.TierEvict")
    @Label("Tier Evict")
    @Category("PastKV")
    @StackTrace(false)
    static final class TierEvict extends Event {
        @Label("Tier") String tier = "";
        @Label("Chunk") String chunk = "";
        @Label("Bytes")
        @DataAmount long bytes;
    }

    static void load(String tier, String chunk, int numTokens, long bytes, long loadNanos) {
        TierLoad event = new TierLoad();
        if (event.isEnabled()) {
            event.tier = tier;
            event.chunk = chunk;
            event.numTokens = numTokens;
            event.bytes = bytes;
            event.loadNanos = loadNanos;
            event.commit();
        }
    }

    static void write(String tier, String chunk, long bytes, String result) {
        TierWrite event = new TierWrite();
        if (event.isEnabled()) {
            event.tier = tier;
            event.chunk = chunk;
            event.bytes = bytes;
            event.result = result;
            event.commit();
        }
    }

    static void refuse(String tier, String chunk, String reason) {
        TierRefuse event = new TierRefuse();
        if (event.isEnabled()) {
            event.tier = tier;
            event.chunk = chunk;
            event.reason = reason;
            event.commit();
        }
    }

    static void evict(String tier, String chunk, long bytes) {
        TierEvict event = new TierEvict();
        if (event.isEnabled()) {
            event.tier = tier;
            event.chunk = chunk;
            event.bytes = bytes;
            event.commit();
        }
    }
}
