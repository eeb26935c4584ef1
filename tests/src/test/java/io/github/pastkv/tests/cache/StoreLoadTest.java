package io.github.pastkv.tests.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvPool;
import io.github.pastkv.cache.KvPoolOptions;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.InMemoryBlockStore;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import io.github.pastkv.cache.store.StoreStats;
import io.github.pastkv.cache.store.StoredChunk;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Loading from a store: once for all who want the same, and no longer than it may take. */
class StoreLoadTest {
    private static final KvCacheConfig CONFIG = KvCacheConfig.of(new KvShape(2, 1, 4), 1).withBlockSize(4);
    private static final PrefixNamespace NAMESPACE = PrefixNamespace.builder("loads").with("model", "m").build();
    private static final int CHUNK_TOKENS = 8;
    private static final int[] TEXT = new Random(3).ints(65, 0, 50).toArray(); // 8 chunks, and a token to compute

    private final WatchedStore store = new WatchedStore();

    /** Counts what is got, and holds one chunk back. */
    private static final class WatchedStore implements BlockStore {
        private final BlockStore store = new InMemoryBlockStore(1 << 20);
        private final AtomicInteger numGets = new AtomicInteger();
        private final AtomicInteger numFinds = new AtomicInteger();
        private final AtomicInteger numWaits = new AtomicInteger();
        private final CountDownLatch released = new CountDownLatch(1);
        private volatile int heldFrom = Integer.MAX_VALUE; // position of the first token
        private volatile long maxWaitNanos = Long.MAX_VALUE; // for what is held back
        private final AtomicInteger numTokensComputed = new AtomicInteger();

        @Override
        public int chunkTokens() {
            return CHUNK_TOKENS;
        }

        @Override
        public StoreRun find(List<ChunkKey> keys) {
            numFinds.incrementAndGet();
            return store.find(keys);
        }

        @Override
        public StoreResult<ChunkKey> findSharing(ChunkKey key) {
            return store.findSharing(key);
        }

        @Override
        public StoreResult<StoredChunk> get(ChunkKey key, String tenant, SegmentAllocator memory) {
            numGets.incrementAndGet();
            StoreResult<StoredChunk> result = store.get(key, tenant, memory);
            if (result instanceof StoreResult.Found<StoredChunk>(StoredChunk chunk)
                    && chunk.firstPosition() >= heldFrom) {
                try {
                    assertThat(released.await(1, TimeUnit.MINUTES)).isTrue();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            return result;
        }

        @Override
        public long maxWaitNanos(int numTokens) { // asked for one chunk after the other
            boolean comes = numWaits.getAndIncrement() * CHUNK_TOKENS < heldFrom;
            return comes ? Long.MAX_VALUE : maxWaitNanos;
        }

        @Override
        public void computed(int numTokens, long nanos) {
            numTokensComputed.addAndGet(numTokens);
        }

        @Override
        public PutResult put(StoredChunk chunk) {
            return store.put(chunk);
        }

        @Override
        public void forget(ChunkKey key) {
            store.forget(key);
        }

        @Override
        public StoreStats stats() {
            return store.stats();
        }

        @Override
        public void close() {
            store.close();
        }
    }

    private KvPool pool() {
        return new KvPool(CONFIG, KvPoolOptions.defaults().withPrefixIndex().withBlockStore(store));
    }

    private static int read(KvPool pool) {
        try (KvCache cache = pool.newCache(CONFIG, NAMESPACE)) {
            int numReused = StoredText.append(cache, TEXT);
            StoredText.assertEqual(cache, TEXT);
            return numReused;
        }
    }

    @BeforeEach
    void readFirst() {
        try (KvPool pool = pool()) {
            assertThat(read(pool)).isZero();
            assertThat(store.numTokensComputed.get()).as("told to the store").isEqualTo(TEXT.length);
        }
        store.numGets.set(0);
        store.numFinds.set(0);
    }

    @Test
    void sameTextAtOnce_isLoadedOnce() throws Exception {
        store.heldFrom = 0; // nothing comes before all have asked
        try (KvPool pool = pool(); ExecutorService threads = Executors.newFixedThreadPool(6)) {
            List<Future<Integer>> readers = new ArrayList<>();
            for (int reader = 0; reader < 6; reader++) {
                readers.add(threads.submit(() -> read(pool)));
            }
            while (store.numGets.get() == 0) {
                Thread.onSpinWait();
            }
            store.released.countDown();
            for (Future<Integer> reader : readers) {
                assertThat(reader.get()).isEqualTo(64);
            }
            assertThat(store.numFinds.get()).isEqualTo(1);
            assertThat(store.numGets.get()).isEqualTo(8);
            assertThat(pool.prefixIndex().orElseThrow().storeUse().numTokensLoaded()).isEqualTo(64);
            pool.checkIntegrity();
        }
    }

    @Test
    void chunkThatIsLate_isComputed_afterWhatHasCome() {
        store.heldFrom = 3 * CHUNK_TOKENS;
        store.maxWaitNanos = TimeUnit.MILLISECONDS.toNanos(50);
        try (KvPool pool = pool()) {
            assertThat(read(pool)).isEqualTo(3 * CHUNK_TOKENS);
            pool.checkIntegrity();
            store.released.countDown();
        }
    }

    @Test
    void chunksAreGotAhead_butOnlyAFew() {
        store.heldFrom = 3 * CHUNK_TOKENS;
        store.maxWaitNanos = TimeUnit.MILLISECONDS.toNanos(50);
        try (KvPool pool = pool()) {
            read(pool);
            assertThat(store.numGets.get()).as("of eight").isBetween(3, 7);
            store.released.countDown();
        }
    }

    @Test
    void interruptedReader_keepsItsInterrupt_andItsBits() {
        store.heldFrom = 3 * CHUNK_TOKENS;
        try (KvPool pool = pool()) {
            Thread.currentThread().interrupt();
            assertThat(read(pool)).isLessThanOrEqualTo(3 * CHUNK_TOKENS);
            store.released.countDown();
            assertThat(Thread.interrupted()).isTrue();
            pool.checkIntegrity();
        }
    }
}
