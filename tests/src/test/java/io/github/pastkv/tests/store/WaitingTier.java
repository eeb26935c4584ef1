package io.github.pastkv.tests.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import io.github.pastkv.cache.store.StoreStats;
import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.TierEntry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A tier whose puts and gets wait until it is released. */
final class WaitingTier implements CacheTier {
    private final CacheTier tier;
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);

    WaitingTier(CacheTier tier) {
        this.tier = tier;
    }

    CacheTier tier() {
        return tier;
    }

    void release() {
        released.countDown();
    }

    /** Waits until a chunk was asked for. */
    void awaitGet() {
        await(asked);
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String name() {
        return "waiting";
    }

    @Override
    public StoreRun find(List<ChunkKey> keys) {
        return tier.find(keys);
    }

    @Override
    public StoreResult<ChunkKey> findSharing(ChunkKey key) {
        return tier.findSharing(key);
    }

    @Override
    public StoreResult<MemorySegment> get(ChunkKey key, SegmentAllocator memory) {
        asked.countDown();
        await(released);
        return tier.get(key, memory);
    }

    @Override
    public PutResult put(ChunkKey key, List<MemorySegment> content) {
        await(released);
        return tier.put(key, content);
    }

    @Override
    public void forget(ChunkKey key) {
        tier.forget(key);
    }

    @Override
    public void list(Consumer<TierEntry> each) throws IOException {
        tier.list(each);
    }

    @Override
    public StoreStats stats() {
        return tier.stats();
    }

    @Override
    public void close() {
        release();
        tier.close();
    }
}
