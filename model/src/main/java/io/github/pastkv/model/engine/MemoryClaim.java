package io.github.pastkv.model.engine;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvPool;

/**
 * One cache in the competition for the memory of its pool. At rest, when no thread is in a call that uses the cache,
 * its blocks may be released for another's step; the next step of its own brings them back.
 *
 * <p>Guarded by the engine's lock; the cache itself by that while it is at rest, else by the thread that uses it.
 */
final class MemoryClaim {
    private final KvCache cache;
    private final Caller caller;
    private int numUsers;
    private long userThreadId;
    private int numCalls;
    private long arrival;
    private long restingSince;
    private boolean isRead;
    private boolean askedToYield;
    private boolean waiting;
    private boolean interrupted;
    private long stuckAt = -1;

    MemoryClaim(KvCache cache, Caller caller) {
        this.cache = cache;
        this.caller = caller;
    }

    KvCache cache() {
        return cache;
    }

    KvPool pool() {
        return cache.pool();
    }

    Caller caller() {
        return caller;
    }

    // Use: from the first to the last of nested or concurrent uses the cache is its users' alone.

    void enter() {
        numUsers++;
        userThreadId = Thread.currentThread().threadId();
    }

    void exit(long nanos) {
        numUsers--;
        if (numUsers == 0) {
            restingSince = nanos;
        }
    }

    boolean isAtRest() {
        return numUsers == 0;
    }

    /** Whether this thread uses the cache, or was the last to do so: nothing of it is freed while the thread waits. */
    boolean isUsedByThisThread() {
        return userThreadId == Thread.currentThread().threadId();
    }

    boolean hasRestedFor(long nanos, long now) {
        return numUsers == 0 && now - restingSince >= nanos;
    }

    long restingSince() {
        return restingSince;
    }

    // Calls: a generation or a step of its own, with the order in which they came.

    void beginCall(long newArrival) {
        if (numCalls++ == 0) {
            arrival = newArrival;
        }
    }

    /** Returns whether none is under way any more. */
    boolean endCall() {
        return --numCalls == 0;
    }

    boolean isActive() {
        return numCalls > 0;
    }

    /** Whether this one keeps its memory where the two do not fit together. */
    boolean precedes(MemoryClaim other) {
        return caller.priority() != other.caller.priority()
                ? caller.priority() > other.caller.priority()
                : arrival < other.arrival;
    }

    // Release.

    /** The cache was handed out, so that it may be read whenever no call is under way. */
    void setRead() {
        isRead = true;
    }

    boolean isRead() {
        return isRead;
    }

    /** Whether its blocks can be taken now and brought back later. */
    boolean isReleasable() {
        return (!isRead || caller.isGenerating()) && cache.canRelease();
    }

    void release() {
        cache.release();
        askedToYield = false;
    }

    void askToYield() {
        askedToYield = true;
    }

    /** Whether it was asked since the last call. */
    boolean takeAskedToYield() {
        boolean asked = askedToYield;
        askedToYield = false;
        return asked;
    }

    /** Waits for its turn, with all its memory released. */
    void setWaiting(boolean isWaiting) {
        waiting = isWaiting;
    }

    boolean isWaiting() {
        return waiting;
    }

    /** It found no memory after the given number of changes, and holds some that cannot be released. */
    void setStuckAt(long numChanges) {
        stuckAt = numChanges;
    }

    boolean isStuckAt(long numChanges) {
        return stuckAt == numChanges;
    }

    /** Its thread was interrupted while it waited. */
    void setInterrupted() {
        interrupted = true;
    }

    /** Whether it was since the last call. */
    boolean takeInterrupted() {
        boolean was = interrupted;
        interrupted = false;
        return was;
    }
}
