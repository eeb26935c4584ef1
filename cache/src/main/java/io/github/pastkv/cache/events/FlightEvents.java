package io.github.pastkv.cache.events;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Events of JDK Flight Recorder; loaded only if the module {@code jdk.jfr} is present. */
final class FlightEvents {
    private FlightEvents() {}

    /** A row found a prefix. */
    @Name("io.github.pastkv.PrefixHit")
    @Label("Prefix Hit")
    @Category("PastKV")
    @StackTrace(false)
    static final class PrefixHit extends Event {
        @Label("Namespace") String namespace = "";
        @Label("Tokens Asked") int numTokens;
        @Label("Tokens Reused") int numReused;
    }

    /** A row found no further tokens. */
    @Name("io.github.pastkv.PrefixMiss")
    @Label("Prefix Miss")
    @Category("PastKV")
    @StackTrace(false)
    static final class PrefixMiss extends Event {
        @Label("Namespace") String namespace = "";
        @Label("Tokens Asked") int numTokens;
    }

    /** A cached block was evicted. */
    @Name("io.github.pastkv.Evict")
    @Label("Evict")
    @Category("PastKV")
    @StackTrace(false)
    static final class Evict extends Event {
        @Label("Evicted So Far") long numEvicted;
    }

    /** A cache was forked. */
    @Name("io.github.pastkv.Fork")
    @Label("Fork")
    @Category("PastKV")
    @StackTrace(false)
    static final class Fork extends Event {
        @Label("Rows") int numRows;
        @Label("Slots") int numSlots;
    }

    /** A step failed because the pool is full. */
    @Name("io.github.pastkv.PoolExhausted")
    @Label("Pool Exhausted")
    @Category("PastKV")
    static final class PoolExhausted extends Event {
        @Label("Blocks Asked") int numBlocksAsked;
        @Label("Blocks Free") int numBlocksFree;
        @Label("Blocks Evictable") int numBlocksEvictable;
        @Label("Limit Bytes") long limitBytes;
    }

    static void hit(String namespace, int numTokens, int numReused) {
        PrefixHit event = new PrefixHit();
        if (event.isEnabled()) {
            event.namespace = namespace;
            event.numTokens = numTokens;
            event.numReused = numReused;
            event.commit();
        }
    }

    static void miss(String namespace, int numTokens) {
        PrefixMiss event = new PrefixMiss();
        if (event.isEnabled()) {
            event.namespace = namespace;
            event.numTokens = numTokens;
            event.commit();
        }
    }

    static void evict(long numEvicted) {
        Evict event = new Evict();
        if (event.isEnabled()) {
            event.numEvicted = numEvicted;
            event.commit();
        }
    }

    static void fork(int numRows, int numSlots) {
        Fork event = new Fork();
        if (event.isEnabled()) {
            event.numRows = numRows;
            event.numSlots = numSlots;
            event.commit();
        }
    }

    static void exhaust(int numBlocksAsked, int numBlocksFree, int numBlocksEvictable, long limitBytes) {
        PoolExhausted event = new PoolExhausted();
        if (event.isEnabled()) {
            event.numBlocksAsked = numBlocksAsked;
            event.numBlocksFree = numBlocksFree;
            event.numBlocksEvictable = numBlocksEvictable;
            event.limitBytes = limitBytes;
            event.commit();
        }
    }
}
