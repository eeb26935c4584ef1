package io.github.pastkv.tests.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvPool;
import io.github.pastkv.cache.KvPoolOptions;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.cache.store.InMemoryBlockStore;
import io.github.pastkv.cache.store.StoreWrites;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Ends of texts, and texts that part inside a chunk: whole blocks are found, with the bits of computed ones. */
class StoredEndTest {
    private static final PrefixNamespace NAMESPACE = PrefixNamespace.builder("ends").with("model", "digest").build();
    private static final int BLOCK_SIZE = 4;
    private static final int CHUNK_TOKENS = 32;
    private static final long TIMEOUT_NANOS = 20_000_000_000L;

    private final BlockStore store = new InMemoryBlockStore(1 << 20);

    @AfterEach
    void closeStore() {
        store.close();
    }

    private static int[] text(long seed, int numTokens) {
        return new Random(seed).ints(numTokens, 0, 50).toArray();
    }

    /** A text that has the first tokens of another one, then its own. */
    private static int[] parting(int[] text, int numShared, int numTokens) {
        int[] parted = IntStream.concat(IntStream.of(text).limit(numShared),
                IntStream.of(text(numShared + 500, numTokens - numShared))).toArray();
        parted[numShared] = 77;
        return parted;
    }

    private KvPool pool(int window, StoreWrites writes) {
        KvCacheConfig config = KvCacheConfig.of(new KvShape(3, 2, 6), 1).withKvTypes(new KvTypes(KvType.F16, KvType.Q8))
                .withBlockSize(BLOCK_SIZE)
                .withWindows(layer -> layer == 1 && window > 0 ? new KvWindow(window, 2) : KvWindow.NONE);
        return new KvPool(config, KvPoolOptions.defaults().withPrefixIndex().withBlockStore(store)
                .withStoreChunkTokens(CHUNK_TOKENS).withStoreWrites(writes));
    }

    private static int read(KvPool pool, int[] text) {
        try (KvCache cache = pool.newCache(pool.config(), NAMESPACE)) {
            int numReused = StoredText.append(cache, text);
            StoredText.assertEqual(cache, text);
            pool.checkIntegrity();
            return numReused;
        }
    }

    private void awaitChunks(int numChunks) {
        long start = System.nanoTime();
        while (store.stats().numChunks() != numChunks && System.nanoTime() - start < TIMEOUT_NANOS) {
            LockSupport.parkNanos(1_000_000);
        }
        assertThat(store.stats().numChunks()).isEqualTo(numChunks);
    }

    @ParameterizedTest
    @CsvSource({"0,31,28", "0,32,31", "0,63,60", "9,31,28", "9,63,60", "0,7,4", "0,3,0"})
    void textOfAnyLength_isFoundAfterARestart_inWholeBlocks(int window, int numTokens, int expected) {
        int[] text = text(1, numTokens);
        try (KvPool pool = pool(window, StoreWrites.COMPLETE)) {
            assertThat(read(pool, text)).isZero();
        }
        try (KvPool pool = pool(window, StoreWrites.COMPLETE)) {
            assertThat(read(pool, text)).isEqualTo(expected);
        }
    }

    @Test
    void endOfAText_isWrittenWhenItEnds_notWhenThePoolCloses() {
        try (KvPool pool = pool(0, StoreWrites.COMPLETE); KvCache cache = pool.newCache(pool.config(), NAMESPACE)) {
            StoredText.append(cache, text(1, 39));
            awaitChunks(1);
            cache.endTexts(); // 39 tokens: a chunk of 32, and one block of 4
            awaitChunks(2);
            StoredText.append(cache, IntStream.concat(IntStream.of(text(1, 39)), IntStream.of(text(2, 10))).toArray());
            cache.endTexts(); // 49 tokens: 4 blocks in the place of 1
            awaitChunks(2);
            assertThat(pool.prefixIndex().orElseThrow().writeToStore()).isZero();
        }
        try (KvPool pool = pool(0, StoreWrites.COMPLETE)) {
            assertThat(read(pool, IntStream.concat(IntStream.of(text(1, 39)), IntStream.of(text(2, 10))).toArray()))
                    .isEqualTo(48);
        }
    }

    @Test
    void completeChunk_takesThePlaceOfTheEnd() {
        try (KvPool pool = pool(0, StoreWrites.COMPLETE); KvCache cache = pool.newCache(pool.config(), NAMESPACE)) {
            StoredText.append(cache, text(1, 50));
            cache.endTexts();
            awaitChunks(2);
            StoredText.append(cache, IntStream.concat(IntStream.of(text(1, 50)), IntStream.of(text(2, 14))).toArray());
            long start = System.nanoTime();
            while (store.stats().numPuts() < 3 && System.nanoTime() - start < TIMEOUT_NANOS) {
                LockSupport.parkNanos(1_000_000);
            }
            awaitChunks(2); // two complete ones
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 9})
    void textsThatPartInsideAChunk_shareItsLeadingBlocks(int window) {
        int[] text = text(1, 64);
        try (KvPool pool = pool(window, StoreWrites.COMPLETE)) {
            read(pool, text);
        }
        for (int numShared : new int[] {3, 4, 17, 28, 31, 40, 63}) {
            try (KvPool pool = pool(window, StoreWrites.EVICTION)) {
                int whole = numShared / BLOCK_SIZE * BLOCK_SIZE;
                assertThat(read(pool, parting(text, numShared, 70))).isBetween(window == 0 ? whole : 0, numShared);
            }
        }
    }

    @Test
    void ofSeveralBranches_theOneThatSharesMostIsFound() {
        int[] text = text(1, 32);
        try (KvPool pool = pool(0, StoreWrites.COMPLETE)) {
            for (int numShared : new int[] {4, 12, 8}) {
                read(pool, parting(text, numShared, 32));
            }
        }
        try (KvPool pool = pool(0, StoreWrites.EVICTION)) {
            assertThat(read(pool, text)).isEqualTo(12);
        }
    }

    @Test
    void secondUse_writesTheEndToo() {
        int[] text = text(1, 30);
        try (KvPool pool = pool(0, StoreWrites.SECOND_USE)) {
            read(pool, text);
            assertThat(store.stats().numChunks()).isZero();
            read(pool, text);
            awaitChunks(1);
        }
        try (KvPool pool = pool(0, StoreWrites.SECOND_USE)) {
            assertThat(read(pool, text)).isEqualTo(28);
        }
    }
}
