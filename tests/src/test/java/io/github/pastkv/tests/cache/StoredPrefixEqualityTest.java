package io.github.pastkv.tests.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvPool;
import io.github.pastkv.cache.KvPoolOptions;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.prefix.PrefixIndex;
import io.github.pastkv.cache.prefix.PrefixMissReason;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.cache.store.InMemoryBlockStore;
import io.github.pastkv.cache.store.StoreWrites;
import io.github.pastkv.testkit.cache.FaultyBlockStore;
import io.github.pastkv.testkit.cache.FaultyBlockStore.Fault;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes back from a store has the bits of what was computed, or does not come back. */
class StoredPrefixEqualityTest {
    private static final KvShape SHAPE = new KvShape(3, 2, 6);
    private static final PrefixNamespace NAMESPACE = namespace("");
    private static final int[] TEXT = text(1, 47);
    private static final List<KvType> KEY_TYPES = List.of(KvType.F32, KvType.F16, KvType.BF16, KvType.Q8);

    private static PrefixNamespace namespace(String salt) {
        return PrefixNamespace.builder("stored").with("model", "digest").with("salt", salt).build();
    }

    private static int[] text(long seed, int numTokens) {
        return new Random(seed).ints(numTokens, 0, 50).toArray();
    }

    private static KvCacheConfig config(KvType keys, KvType values, int window, int blockSize) {
        return KvCacheConfig.of(SHAPE, 1).withKvTypes(new KvTypes(keys, values)).withBlockSize(blockSize)
                .withMaxRewindTokens(2)
                .withWindows(layer -> layer == 1 && window > 0 ? new KvWindow(window, 2) : KvWindow.NONE);
    }

    /** A pool that keeps nothing that nobody holds: all goes to the store. */
    private static KvPool pool(KvCacheConfig config, BlockStore store) {
        return pool(config, store, 1);
    }

    private static KvPool pool(KvCacheConfig config, BlockStore store, int chunkBlocks) {
        return new KvPool(config, sharing(store, chunkBlocks * config.blockSize()).withPoisonedFreedBlocks()
                .withMaxCachedBytes(0));
    }

    private static KvPoolOptions sharing(BlockStore store, int chunkTokens) {
        return KvPoolOptions.defaults().withPrefixIndex().withBlockStore(store).withStoreChunkTokens(chunkTokens);
    }

    private static PrefixIndex index(KvPool pool) {
        return pool.prefixIndex().orElseThrow();
    }

    /** Reads a text and ends; returns how much was reused. */
    private static int read(KvPool pool, PrefixNamespace namespace, int[] text) {
        try (KvCache cache = pool.newCache(pool.config(), namespace)) {
            int numReused = StoredText.append(cache, text);
            StoredText.assertEqual(cache, text);
            pool.checkIntegrity();
            return numReused;
        } finally {
            pool.checkIntegrity();
            index(pool).writeToStore(); // waits for what was evicted
            pool.checkIntegrity();
        }
    }

    @ParameterizedTest
    @CsvSource({"F32,F32,0,5,1", "F16,F16,0,16,1", "BF16,BF16,0,1,1", "Q8,Q8,0,5,1", "Q8,F16,9,5,1", "F32,F32,9,3,1",
        "BF16,BF16,20,16,1", "F16,Q8,9,1,1", "F32,F32,0,5,2", "Q8,F16,9,5,2", "BF16,BF16,0,1,4", "F16,Q8,9,1,7",
        "F32,F32,20,3,30"})
    void evictedText_isFoundInTheStore_inWholeAndInPart(KvType keys, KvType values, int window, int blockSize,
            int chunkBlocks) {
        KvCacheConfig config = config(keys, values, window, blockSize);
        try (BlockStore store = new InMemoryBlockStore(1 << 20)) {
            try (KvPool pool = pool(config, store, chunkBlocks)) {
                assertThat(read(pool, NAMESPACE, TEXT)).isZero();
                assertThat(pool.cachedBytes()).isZero();
                assertThat(read(pool, NAMESPACE, TEXT)).as("whole").isEqualTo(
                        Math.min(46, 47 / blockSize * blockSize));
            }
            try (KvPool pool = pool(config, store, chunkBlocks)) { // as after a restart
                int[] longer = IntStream.concat(IntStream.of(TEXT), IntStream.of(text(2, 9))).toArray();
                assertThat(index(pool).explain(NAMESPACE, longer).missReason())
                        .isEqualTo(new PrefixMissReason.InStore(47 / blockSize * blockSize));
                assertThat(read(pool, NAMESPACE, longer)).isEqualTo(47 / blockSize * blockSize);
                int[] parting = TEXT.clone();
                parting[33] = 77;
                int toBlock = 33 / blockSize * blockSize; // also where the texts part inside a chunk
                int toChunk = 33 / (chunkBlocks * blockSize) * chunkBlocks * blockSize;
                assertThat(read(pool, NAMESPACE, parting)).as("part")
                        .isBetween(window == 0 ? toBlock : toChunk, window == 0 ? toBlock : 33);
                assertThat(index(pool).storeUse().numBlocksRefused()).isZero();
                assertThat(index(pool).storeUse().numTokensLoaded()).isPositive();
            }
        }
    }

    @Test
    void otherNamespaceOrStorage_findsNothing() {
        try (BlockStore store = new InMemoryBlockStore(1 << 20)) {
            try (KvPool pool = pool(config(KvType.F32, KvType.F32, 0, 5), store)) {
                read(pool, namespace("a"), TEXT);
                assertThat(read(pool, namespace("b"), TEXT)).isZero();
                assertThat(read(pool, namespace("a"), TEXT)).isEqualTo(45);
            }
            for (KvCacheConfig other : new KvCacheConfig[] {config(KvType.BF16, KvType.BF16, 0, 5),
                config(KvType.F32, KvType.F32, 9, 5), config(KvType.F32, KvType.F32, 0, 3)}) {
                try (KvPool pool = pool(other, store)) {
                    assertThat(read(pool, namespace("a"), TEXT)).isZero();
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void everyFault_isAMissWithAReason_neverAWrongNumber(Fault fault) {
        try (BlockStore sound = new InMemoryBlockStore(1 << 20)) {
            KvCacheConfig config = config(KvType.F16, KvType.Q8, 9, 5);
            try (KvPool pool = pool(config, sound)) {
                read(pool, NAMESPACE, TEXT);
            }
            FaultyBlockStore faulty = new FaultyBlockStore(sound, EnumSet.of(fault), 1, 4);
            try (KvPool pool = pool(config, faulty)) {
                int numReused = read(pool, NAMESPACE, TEXT); // and so every number is checked
                boolean harmless = fault == Fault.DELAY || fault == Fault.FULL;
                assertThat(numReused).isEqualTo(harmless ? 45 : numReused).isLessThanOrEqualTo(45);
                boolean wrong = EnumSet.of(Fault.WRONG_BYTES, Fault.TORN, Fault.OTHER_BLOCK, Fault.OTHER_TOKENS)
                        .contains(fault);
                assertThat(index(pool).storeUse().numBlocksRefused()).as("a few are got ahead")
                        .isBetween(wrong ? 1L : 0L, wrong ? 4L : 0L);
                if (!harmless) {
                    assertThat(numReused).isZero();
                }
            }
        }
    }

    @Test
    void refusedBlock_isDiscarded_andExplained() {
        try (BlockStore sound = new InMemoryBlockStore(1 << 20)) {
            KvCacheConfig config = config(KvType.F32, KvType.F32, 0, 5).withMaxPoolBytes(1 << 20);
            try (KvPool pool = pool(config, sound)) {
                read(pool, NAMESPACE, TEXT);
            }
            long numBefore = sound.stats().numChunks();
            FaultyBlockStore faulty = new FaultyBlockStore(sound, EnumSet.of(Fault.WRONG_BYTES), 1, 4);
            try (KvPool pool = new KvPool(config, sharing(faulty, 5).withStoreWrites(StoreWrites.EVICTION));
                    KvCache cache = pool.newCache(config, NAMESPACE)) {
                StoredText.append(cache, new int[] {TEXT[0]});
                assertThat(StoredText.append(cache, new int[] {TEXT[0], TEXT[1], TEXT[2], TEXT[3], TEXT[4], TEXT[5]}))
                        .isZero();
                assertThat(sound.stats().numChunks()).isEqualTo(numBefore - 1);
                int[] same = TEXT.clone();
                assertThat(index(pool).storeUse().numBlocksRefused()).isEqualTo(1);
                assertThat(index(pool).explain(namespace("x"), same).toString()).contains("namespace");
            }
        }
    }

    @Test
    void textUnderTimeToLive_isNotWritten() {
        try (BlockStore store = new InMemoryBlockStore(1 << 20);
                KvPool pool = new KvPool(config(KvType.F32, KvType.F32, 0, 5),
                        sharing(store, 1).withStoreWrites(StoreWrites.EVICTION))) {
            try (KvCache cache = pool.newCache(pool.config(), NAMESPACE)) {
                StoredText.append(cache, TEXT);
            }
            index(pool).setTimeToLive(NAMESPACE, TEXT, java.time.Duration.ofHours(1));
            assertThat(index(pool).writeToStore()).isZero();
            assertThat(store.stats().numChunks()).isZero();
        }
    }

    @Test
    void writeToStore_writesEachBlockOnce() {
        try (BlockStore store = new InMemoryBlockStore(1 << 20);
                KvPool pool = new KvPool(config(KvType.F32, KvType.F32, 9, 5),
                        sharing(store, 1).withStoreWrites(StoreWrites.EVICTION));
                KvCache cache = pool.newCache(pool.config(), NAMESPACE)) {
            StoredText.append(cache, TEXT);
            assertThat(index(pool).writeToStore()).as("held blocks too").isEqualTo(9);
            assertThat(index(pool).writeToStore()).isZero();
            assertThat(store.stats().numChunks()).isEqualTo(9);
            pool.checkIntegrity();
        }
    }

    @Test
    void poolUnderPressure_spillsWhatItEvicts_andNeverPassesItsLimit() {
        KvCacheConfig wide = config(KvType.F32, KvType.F32, 0, 5);
        KvCacheConfig config = wide.withMaxPoolBytes(70 * wide.bytesPerToken());
        try (BlockStore store = new InMemoryBlockStore(1 << 20);
                KvPool pool = new KvPool(config, sharing(store, 1))) {
            for (int round = 0; round < 2; round++) {
                for (int text = 0; text < 4; text++) {
                    try (KvCache cache = pool.newCache(config, NAMESPACE)) {
                        int[] ids = text(100 + text, 50);
                        assertThat(StoredText.append(cache, ids)).isEqualTo(round == 0 ? 0 : 49);
                        StoredText.assertEqual(cache, ids);
                    }
                    pool.checkIntegrity();
                    assertThat(pool.poolBytes()).isLessThanOrEqualTo(config.maxPoolBytes());
                    if (round == 0) {
                        index(pool).writeToStore();
                    }
                }
            }
            assertThat(index(pool).storeUse().numTokensLoaded()).isPositive();
        }
    }

    @Test
    void evictionForRoom_spillsWithoutBeingAsked() throws InterruptedException {
        KvCacheConfig wide = config(KvType.BF16, KvType.BF16, 0, 5);
        KvCacheConfig config = wide.withMaxPoolBytes(60 * wide.bytesPerToken());
        try (BlockStore store = new InMemoryBlockStore(1 << 20)) {
            try (KvPool pool = new KvPool(config,
                    sharing(store, 1))) {
                for (int text = 0; text < 3; text++) {
                    try (KvCache cache = pool.newCache(config, NAMESPACE)) {
                        StoredText.append(cache, text(100 + text, 50));
                    }
                    pool.checkIntegrity();
                }
                assertThat(index(pool).stats().numEvicted()).isPositive();
                assertThat(index(pool).storeUse().numBlocksDropped()).isZero();
            } // waits for the queue
            assertThat(store.stats().numChunks()).isGreaterThanOrEqualTo(18);
        }
    }

    @Test
    void fullQueue_dropsAndCounts() {
        try (BlockStore store = new InMemoryBlockStore(1 << 20);
                KvPool pool =
                        new KvPool(config(KvType.F32, KvType.F32, 0, 5), sharing(store, 1)
                                .withMaxCachedBytes(0).withStoreWrites(StoreWrites.EVICTION)
                                .withMaxStoreQueueBytes(0))) {
            assertThat(read(pool, NAMESPACE, TEXT)).isZero();
            assertThat(index(pool).storeUse().numBlocksDropped()).isEqualTo(9);
            assertThat(store.stats().numChunks()).isZero();
        }
    }

    @Test
    void storeWithoutIndex_isRefused() {
        try (BlockStore store = new InMemoryBlockStore(1)) {
            assertThatThrownBy(() -> KvPoolOptions.defaults().withBlockStore(store))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("prefix index");
        }
    }

    /** Texts that share beginnings, a pool that is too small for them, a store that fails: every number is checked. */
    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14})
    void randomTexts_withFailingStore_haveTheBitsOfComputedOnes(long seed) {
        Random random = new Random(seed);
        KvCacheConfig wide = config(KEY_TYPES.get((int) (seed % 4)), KvType.BF16, seed % 2 == 0 ? 7 : 0, 4);
        KvCacheConfig config = wide.withMaxPoolBytes(90 * wide.bytesPerToken());
        Set<Fault> faults = EnumSet.allOf(Fault.class);
        try (BlockStore store = new FaultyBlockStore(new InMemoryBlockStore(40_000), faults, 0.1, seed)) {
            long numLoaded = 0;
            for (int restart = 0; restart < 3; restart++) {
                try (KvPool pool = new KvPool(config, sharing(store, seed < 13 ? 1 : 8)
                        .withMaxCachedBytes(30 * wide.bytesPerToken()))) {
                    for (int i = 0; i < 40; i++) {
                        int[] text = IntStream.concat(IntStream.of(text(random.nextInt(3), 24)).limit(
                                random.nextInt(25)), IntStream.of(text(random.nextInt(5), 20))).toArray();
                        try (KvCache cache = pool.newCache(config, NAMESPACE)) {
                            StoredText.append(cache, text);
                            StoredText.assertEqual(cache, text);
                        }
                        pool.checkIntegrity();
                    }
                    numLoaded += index(pool).storeUse().numTokensLoaded();
                }
            }
            assertThat(numLoaded).as("seed %d", seed).isPositive();
        }
    }
}
