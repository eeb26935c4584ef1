package io.github.pastkv.model.engine;

import io.github.pastkv.cache.KvPool;
import io.github.pastkv.model.generation.PreemptedException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Decides which generations keep their memory when a pool is too small for all: those of higher priority, then those
 * that started first. The lowest one is preempted: it is rewound to its start, which frees its blocks, waits until
 * another generation of the pool has ended, and is recomputed to the same bits (preemption by recomputation, as in
 * PagedAttention, Kwon et al., SOSP 2023).
 *
 * <p>Guarded by the engine's lock.
 */
final class MemoryQueue {
    private final ReentrantLock lock;
    private final Condition changed;
    private final List<SequenceGroup> running = new ArrayList<>(); // highest first
    private long numPreemptions;
    private long numEnded;

    MemoryQueue(ReentrantLock lock) {
        this.lock = lock;
        this.changed = lock.newCondition();
    }

    long numPreemptions() {
        return numPreemptions;
    }

    void begin(SequenceGroup group) {
        lock.lock();
        try {
            running.add(group);
            running.sort(Comparator.comparingInt(each -> -each.priority())); // stable: arrival decides between equals
        } finally {
            lock.unlock();
        }
    }

    void end(SequenceGroup group) {
        lock.lock();
        try {
            running.remove(group);
            numEnded++;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void wakeAll() {
        changed.signalAll();
    }

    /** Aborts a step before it begins if others need the memory. */
    void requireNotAskedToYield(SequenceGroup group) {
        lock.lock();
        try {
            if (group.isAskedToYield()) {
                throw new PreemptedException();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Called when a step of {@code asking} does not fit: preempts a lower generation of its pool.
     *
     * @return whether memory may have been freed, so that the step should be retried
     * @throws PreemptedException if {@code asking} is the lowest of several
     */
    boolean makeRoom(SequenceGroup asking) {
        lock.lock();
        try {
            if (!running.contains(asking)) {
                return false;
            }
            SequenceGroup victim = lowest(asking.pool());
            if (victim == null) {
                return false;
            }
            if (victim == asking) {
                if (holdersBeside(asking) == 0) {
                    return false;
                }
                throw new PreemptedException();
            }
            victim.askToYield();
            while (victim.isAskedToYield() && running.contains(victim) && !asking.isCancelled()) {
                awaitChange(asking);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private @Nullable SequenceGroup lowest(KvPool pool) {
        for (int i = running.size() - 1; i >= 0; i--) {
            SequenceGroup group = running.get(i);
            if (group.pool() == pool && group.isPreemptible() && !group.isWaitingForMemory()) {
                return group;
            }
        }
        return null;
    }

    private long holdersBeside(SequenceGroup group) {
        return running.stream().filter(
                other -> other != group && other.pool() == group.pool() && !other.isWaitingForMemory()).count();
    }

    /** Waits, after releasing all memory, until another generation of its pool has ended or none is left. */
    void awaitTurn(SequenceGroup preempted) {
        lock.lock();
        try {
            numPreemptions++;
            preempted.setWaitingForMemory(true);
            changed.signalAll();
            long endedBefore = numEnded;
            while (numEnded == endedBefore && holdersBeside(preempted) > 0 && !preempted.isCancelled()) {
                awaitChange(preempted);
            }
        } finally {
            preempted.setWaitingForMemory(false);
            lock.unlock();
        }
    }

    @SuppressWarnings("WaitNotInLoop") // the callers loop
    private void awaitChange(SequenceGroup group) {
        try {
            changed.await();
        } catch (InterruptedException _) {
            group.interrupted();
            Thread.currentThread().interrupt();
        }
    }
}
