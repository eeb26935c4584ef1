package io.github.pastkv.store;

import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What waits to be written to one tier, on a thread of its own, so that a slow tier delays no other one. Bounded in
 * bytes: what finds no room is not written. Safe for any number of threads.
 */
final class TierWrites {
    private final long maxBytes;
    private final AtomicLong bytes = new AtomicLong();
    private final ThreadPoolExecutor thread;

    TierWrites(String tier, long maxBytes) {
        this.maxBytes = maxBytes;
        this.thread = new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
                task -> Thread.ofPlatform().daemon().name("pastkv-tier-writer " + tier).unstarted(task),
                new ThreadPoolExecutor.DiscardPolicy());
        thread.allowCoreThreadTimeOut(true);
    }

    /** Whether so many bytes have room now. */
    boolean hasRoom(long numBytes) {
        return bytes.get() + numBytes <= maxBytes && !thread.isShutdown();
    }

    /** Queues a write of so many bytes; false where they have no room. */
    boolean offer(long numBytes, Runnable write) {
        if (bytes.addAndGet(numBytes) > maxBytes || thread.isShutdown()) {
            bytes.addAndGet(-numBytes);
            return false;
        }
        thread.execute(() -> {
            try {
                write.run();
            } finally {
                bytes.addAndGet(-numBytes);
            }
        });
        return true;
    }

    /** Takes nothing more. */
    void shutDown() {
        thread.shutdown();
    }

    /** Waits for what is queued, then drops it; returns how many writes were dropped. */
    int end(Duration limit) {
        try {
            if (thread.awaitTermination(Math.max(0, limit.toNanos()), TimeUnit.NANOSECONDS)) {
                return 0;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return thread.shutdownNow().size();
    }
}
