package io.github.pastkv.cache;

import java.util.concurrent.atomic.AtomicLong;

/** Bytes of held blocks that block pools share a limit of. Safe for any number of threads. */
final class PoolBudget {
    private final long limitBytes;
    private final AtomicLong heldBytes = new AtomicLong();

    PoolBudget(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    long limitBytes() {
        return limitBytes;
    }

    long leftBytes() {
        return limitBytes - heldBytes.get();
    }

    /** Counts bytes as held; or none, and returns false, where the limit does not leave as many. */
    boolean tryTake(long bytes) {
        long held;
        do {
            held = heldBytes.get();
            if (bytes > limitBytes - held) {
                return false;
            }
        } while (!heldBytes.compareAndSet(held, held + bytes));
        return true;
    }

    void giveBack(long bytes) {
        heldBytes.addAndGet(-bytes);
    }
}
