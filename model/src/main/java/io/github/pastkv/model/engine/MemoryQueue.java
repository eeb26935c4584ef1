package io.github.pastkv.model.engine;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Who may hold memory when a pool has too little for all. What would fit alone never fails because others hold blocks:
 * it takes the blocks of caches at rest, those without a call under way first, or waits. Calls of higher priority come
 * first, then those that came first; the lowest is preempted: its blocks are released between two of its steps, it
 * waits, and they are recomputed to the same bits (recomputation as in PagedAttention, Kwon et al. 2023).
 *
 * <p>A wait ends with the progress of others: a step that is computed ends by itself, and a call between two steps
 * keeps its memory from lower ones for {@link #REST_NANOS} at most, so that a listener that blocks, or uses another
 * session, blocks nobody else. What cannot be released (a cache that is frozen or was handed out, or tokens without
 * ids) is waited for as long as another thread uses it, and {@link #STALL_NANOS} at most after its last step or call:
 * then the step that asks fails.
 *
 * <p>Guarded by the engine's lock.
 */
final class MemoryQueue {
    /** For so long a call between two steps keeps its memory from lower ones. */
    static final long REST_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    /** For so long memory that cannot be released is waited for, though nobody uses it. */
    static final long STALL_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final ReentrantLock lock;
    private final Condition changed;
    private final Runnable requireOpen;
    private final Runnable onWait;
    // a forgotten cache is a leak
    private final Set<MemoryClaim> claims = Collections.newSetFromMap(new WeakHashMap<>());
    private final List<MemoryClaim> waiting = new ArrayList<>();
    private int numAwaiting;
    private long numArrived;
    private long numChanges;
    private long numEnded;
    private long numPreemptions;

    /**
     * @param requireOpen throws when the engine is closed, which ends every wait
     * @param onWait is called with the lock held when a cache begins to wait for its turn
     */
    MemoryQueue(ReentrantLock lock, Runnable requireOpen, Runnable onWait) {
        this.lock = lock;
        this.changed = lock.newCondition();
        this.requireOpen = requireOpen;
        this.onWait = onWait;
    }

    long numPreemptions() {
        return numPreemptions;
    }

    int numWaiting() {
        return waiting.size();
    }

    void open(MemoryClaim claim) {
        locked(() -> claims.add(claim));
    }

    /** Its memory is about to be freed; nobody takes it from now on. */
    void close(MemoryClaim claim) {
        locked(() -> {
            claims.remove(claim);
            change(true);
        });
    }

    void beginCall(MemoryClaim claim) {
        locked(() -> claim.beginCall(numArrived++));
    }

    void endCall(MemoryClaim claim) {
        locked(() -> {
            if (claim.endCall()) {
                change(true);
            }
        });
    }

    /** This thread uses the cache; until {@link #exit} nobody takes its memory. */
    void enter(MemoryClaim claim) {
        locked(claim::enter);
    }

    void exit(MemoryClaim claim) {
        locked(() -> {
            claim.exit(System.nanoTime());
            if (claim.isAtRest() && claim.takeAskedToYield() && claim.isReleasable()) {
                release(claim);
            }
            change(false);
        });
    }

    /** The cache was handed out. */
    void setRead(MemoryClaim claim) {
        locked(claim::setRead);
    }

    private void locked(Runnable action) {
        lock.lock();
        try {
            action.run();
        } finally {
            lock.unlock();
        }
    }

    private void change(boolean ended) {
        numChanges++;
        numEnded += ended ? 1 : 0;
        wakeAll();
    }

    void wakeAll() {
        if (numAwaiting > 0) {
            changed.signalAll();
        }
    }

    /** Counts what may free memory; taken before an allocation is tried, and given to {@link #makeRoom}. */
    long numChanges() {
        lock.lock();
        try {
            return numChanges;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Called when a step of {@code asking}, which this thread uses, does not fit: releases another's blocks, or waits
     * for others, perhaps with its own released.
     *
     * @param changesBefore of {@link #numChanges} when the step was tried
     * @return whether the step should be tried again; if not, no other holds memory that could come free
     */
    boolean makeRoom(MemoryClaim asking, long changesBefore) {
        lock.lock();
        boolean wasInterrupted = !asking.caller().isGenerating() && Thread.interrupted(); // which ends generations only
        try {
            requireOpen.run();
            if (asking.caller().isCanceled() || releaseOne(asking) || numChanges != changesBefore) {
                return true;
            }
            if (askLowerToYield(asking)) {
                awaitChange(asking);
                return true;
            }
            boolean isHigherUnderWay = anyProgresses(asking, other -> other.precedes(asking));
            if (isHigherUnderWay && (!asking.cache().holdsBlocks() || asking.isReleasable())) {
                awaitTurn(asking);
                return true;
            }
            if (anyProgresses(asking, _ -> true)) {
                asking.setStuckAt(numChanges);
                awaitChange(asking);
                return true;
            }
            asking.setStuckAt(numChanges);
            wakeAll(); // those that wait for this one
            return false;
        } finally {
            if (asking.takeInterrupted() || wasInterrupted) {
                Thread.currentThread().interrupt();
            }
            lock.unlock();
        }
    }

    /** Takes the memory of one that rests; false when there is none. */
    private boolean releaseOne(MemoryClaim asking) {
        long now = System.nanoTime();
        MemoryClaim lowest = null;
        for (MemoryClaim other : claims) {
            boolean mayTake = isOther(other, asking) && other.isAtRest()
                    && (!other.isActive() || asking.precedes(other) || other.isUsedByThisThread()
                            || other.hasRestedFor(REST_NANOS, now));
            if (mayTake && (lowest == null || isTakenBefore(other, lowest)) && other.isReleasable()) {
                lowest = other;
            }
        }
        if (lowest != null) {
            release(lowest);
        }
        return lowest != null;
    }

    /** Those without a call first, the one that has rested longest; then the lowest call. */
    private static boolean isTakenBefore(MemoryClaim one, MemoryClaim other) {
        if (one.isActive() != other.isActive()) {
            return other.isActive();
        }
        return one.isActive() ? other.precedes(one) : one.restingSince() - other.restingSince() < 0;
    }

    private void release(MemoryClaim claim) {
        numPreemptions++;
        claim.release();
        change(false);
    }

    private static boolean isOther(MemoryClaim other, MemoryClaim asking) {
        return other != asking && other.pool() == asking.pool();
    }

    /** Asks the lowest call in a step to release its memory after it; false when there is none lower. */
    private boolean askLowerToYield(MemoryClaim asking) {
        MemoryClaim lowest = null;
        for (MemoryClaim other : claims) {
            if (isOther(other, asking) && isInStep(other) && asking.precedes(other)
                    && (lowest == null || lowest.precedes(other))) {
                lowest = other;
            }
        }
        if (lowest != null) {
            lowest.askToYield();
        }
        return lowest != null;
    }

    /** Whether another thread uses the cache and does not wait for memory itself. */
    private boolean isInStep(MemoryClaim other) {
        return !other.isAtRest() && !other.isUsedByThisThread() && !other.isWaiting()
                && !other.isStuckAt(numChanges);
    }

    /** Whether another one that may free memory goes on without this thread. */
    private boolean anyProgresses(MemoryClaim asking, Predicate<MemoryClaim> among) {
        long now = System.nanoTime();
        for (MemoryClaim other : claims) {
            if (isOther(other, asking) && among.test(other) && !other.isWaiting()) {
                boolean mayFreeSome = other.isAtRest() && !other.isUsedByThisThread()
                        && !other.hasRestedFor(STALL_NANOS, now) && other.cache().holdsBlocks();
                if (isInStep(other) || mayFreeSome) {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * Releases its memory and waits until a higher call of its pool has ended, or none makes steps any more. Those that
     * wait try again one after the other, the highest first.
     */
    private void awaitTurn(MemoryClaim asking) {
        if (asking.isReleasable()) {
            release(asking);
        }
        asking.setWaiting(true);
        waiting.add(asking);
        onWait.run();
        try {
            long endedBefore = numEnded;
            while (!asking.caller().isCanceled() && !isTurn(asking, endedBefore)) {
                awaitChange(asking);
                requireOpen.run();
            }
        } finally {
            waiting.remove(asking);
            asking.setWaiting(false);
        }
    }

    private boolean isTurn(MemoryClaim asking, long endedBefore) {
        MemoryClaim first = firstWaiting(asking);
        return first == asking && (numEnded != endedBefore
                || !anyHolds(asking) || anyRests(asking) || !anyProgresses(asking, _ -> true));
    }

    private @Nullable MemoryClaim firstWaiting(MemoryClaim asking) {
        MemoryClaim first = null;
        for (MemoryClaim other : waiting) {
            if (other.pool() == asking.pool() && (first == null || other.precedes(first))) {
                first = other;
            }
        }
        return first;
    }

    private boolean anyHolds(MemoryClaim asking) {
        return claims.stream().anyMatch(other -> isOther(other, asking) && other.isActive() && !other.isWaiting());
    }

    private boolean anyRests(MemoryClaim asking) {
        long now = System.nanoTime();
        return claims.stream().anyMatch(other -> isOther(other, asking) && other.hasRestedFor(REST_NANOS, now)
                && other.isReleasable());
    }

    /** Waits for the next change, a moment at most: rests get old without one. */
    @SuppressWarnings("WaitNotInLoop") // the callers loop
    private void awaitChange(MemoryClaim asking) {
        numAwaiting++;
        try {
            changed.awaitNanos(REST_NANOS);
        } catch (InterruptedException _) {
            asking.setInterrupted();
            asking.caller().interrupt();
        } finally {
            numAwaiting--;
        }
    }
}
