package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.store.BlockKey;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * The loads under way, by the first block that each of them lacks: who wants the same block waits for the load instead
 * of reading it too. A load waits for no other one, so that all end. Safe for any number of threads.
 */
final class LoadsUnderWay {
    private final Map<BlockKey, CountDownLatch> loads = new ConcurrentHashMap<>();

    /** Begins a load; returns what to end it with, or null after waiting for another load of the same block. */
    @Nullable
    Runnable beginOrAwait(BlockKey firstBlock) {
        CountDownLatch mine = new CountDownLatch(1);
        CountDownLatch other = loads.putIfAbsent(firstBlock, mine);
        if (other == null) {
            return () -> {
                loads.remove(firstBlock);
                mine.countDown();
            };
        }
        boolean wasInterrupted = false;
        while (other.getCount() > 0) {
            try {
                other.await();
            } catch (InterruptedException e) {
                wasInterrupted = true; // a load ends within the limits of its store
            }
        }
        if (wasInterrupted) {
            Thread.currentThread().interrupt();
        }
        return null;
    }
}
