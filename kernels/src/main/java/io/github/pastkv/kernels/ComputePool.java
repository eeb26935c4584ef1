package io.github.pastkv.kernels;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A pool of platform threads that share the items of one task at a time; the calling thread participates. The
 * assignment of items to threads is not deterministic, so results must not depend on it. Running a task allocates
 * nothing.
 *
 * <p>Calls from several threads are serialized. Idle threads spin for some microseconds, as steps consist of many short
 * tasks, and then sleep.
 */
public final class ComputePool implements AutoCloseable {
    /**
     * Multiply-adds below which a second thread costs more than it gives: waiting for it takes microseconds, and on a
     * busy machine, where it may just have lost its processor, milliseconds.
     */
    private static final long MIN_SHARED_WORK = 1 << 18;

    private static final int SPINS_BEFORE_SLEEP = 20_000;
    private static final int SPINS_BEFORE_NAP = 10_000;
    private static final long NAP_NANOS = 20_000;
    /** An item number beyond any task, set while the task is being replaced. */
    private static final int NO_ITEMS = Integer.MAX_VALUE;

    /** Work that is split into items. */
    @FunctionalInterface
    public interface Task {
        /**
         * Processes one item.
         *
         * @param item in {@code [0, numItems)}
         * @param worker the thread's number in {@code [0, numThreads)}, for scratch memory of its own
         */
        void run(int item, int worker);
    }

    private final Worker[] workers;
    /**
     * Task number in the upper half, next item in the lower half, so that a compare-and-set can only take an item of
     * the current task.
     */
    private final AtomicLong ticket = new AtomicLong(NO_ITEMS);
    private final AtomicInteger numDone = new AtomicInteger();
    private volatile @Nullable Task task;
    private volatile int numItems;
    private volatile @Nullable Throwable failure;
    private volatile boolean closed;

    /** A pool of {@code numThreads - 1} threads in addition to the caller's. */
    public ComputePool(int numThreads) {
        if (numThreads < 1) {
            throw new IllegalArgumentException("numThreads: " + numThreads + ", must be at least 1");
        }
        workers = new Worker[numThreads - 1];
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new Worker(i + 1);
            workers[i].start();
        }
    }

    /** Number of threads that share a task, including the caller's. */
    public int numThreads() {
        return workers.length + 1;
    }

    /** Runs all items and returns when all are done; a failure of an item is thrown. */
    public synchronized void run(int itemCount, Task newTask) {
        if (closed) {
            throw new IllegalStateException("the compute threads are closed");
        }
        if (workers.length == 0 || itemCount == 1) {
            runAlone(itemCount, newTask);
            return;
        }
        publish(itemCount, newTask);
        takeItems(0);
        awaitAll(itemCount);
        rethrowFailure();
    }

    /**
     * Runs all items, on the caller's thread alone where they are too little work for two.
     *
     * @param work multiply-adds of all items; for element-wise work, numbers times 16
     */
    public void run(int itemCount, long work, Task newTask) {
        if (work < MIN_SHARED_WORK) {
            runAlone(itemCount, newTask);
        } else {
            run(itemCount, newTask);
        }
    }

    private static void runAlone(int itemCount, Task newTask) {
        for (int item = 0; item < itemCount; item++) {
            newTask.run(item, 0);
        }
    }

    private void publish(int itemCount, Task newTask) {
        long taskNumber = (ticket.get() >>> 32) + 1;
        ticket.set(taskNumber << 32 | NO_ITEMS);
        task = newTask;
        numItems = itemCount;
        numDone.set(0);
        ticket.set(taskNumber << 32);
        for (Worker worker : workers) {
            if (worker.sleeping) {
                LockSupport.unpark(worker);
            }
        }
    }

    private void awaitAll(int itemCount) {
        for (int spins = 0; numDone.get() < itemCount; spins++) {
            if (spins < SPINS_BEFORE_NAP) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(NAP_NANOS);
            }
        }
    }

    private void rethrowFailure() {
        Throwable thrown = failure;
        if (thrown != null) {
            failure = null;
            if (thrown instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) thrown;
        }
    }

    private void takeItems(int worker) {
        while (true) {
            long seen = ticket.get();
            Task current = task;
            int item = (int) seen;
            if (current == null || item >= numItems) {
                return;
            }
            if (ticket.compareAndSet(seen, seen + 1)) {
                runItem(current, item, worker);
            }
        }
    }

    private void runItem(Task current, int item, int worker) {
        try {
            current.run(item, worker);
        } catch (RuntimeException | Error thrown) {
            failure = failure == null ? thrown : failure;
        } finally {
            numDone.incrementAndGet();
        }
    }

    /** Ends the threads. Closing again does nothing. */
    @Override
    public synchronized void close() {
        closed = true;
        for (Worker worker : workers) {
            LockSupport.unpark(worker);
        }
    }

    private final class Worker extends Thread {
        private final int number;
        private volatile boolean sleeping;

        Worker(int number) {
            super("pastkv-compute-" + number);
            this.number = number;
            setDaemon(true);
        }

        @Override
        public void run() {
            int spins = 0;
            while (!closed) {
                if ((int) ticket.get() < numItems) {
                    takeItems(number);
                    spins = 0;
                } else if (++spins < SPINS_BEFORE_SLEEP) {
                    Thread.onSpinWait();
                } else {
                    sleepUntilWork();
                    spins = 0;
                }
            }
        }

        private void sleepUntilWork() {
            sleeping = true;
            if ((int) ticket.get() >= numItems && !closed) {
                LockSupport.park(this);
            }
            sleeping = false;
        }
    }
}
