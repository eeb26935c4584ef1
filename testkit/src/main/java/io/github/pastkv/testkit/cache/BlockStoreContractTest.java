package io.github.pastkv.testkit.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.BlockOrigin;
import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import io.github.pastkv.cache.store.StoredChunk;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link BlockStore} does. A store passes it by a subclass that opens one. */
public abstract class BlockStoreContractTest {
    /** Tokens per block. */
    protected static final int BLOCK_SIZE = 3;

    private static final BlockOrigin ORIGIN = BlockOrigin.of(Map.of("model", "7", "groups", "[]"));

    private BlockStore store;

    /** An empty store of at most {@code maxBytes} bytes of keys and values; at most 100 blocks are put in a test. */
    protected abstract BlockStore open(long maxBytes);

    /** What a chunk counts in the store's limit; a store may count more than its keys and values. */
    protected long bytesOf(StoredChunk chunk) {
        return chunk.bytes();
    }

    /** Waits until what was put before can be got, where a store writes behind. */
    protected void settle(BlockStore written) throws InterruptedException {}

    @BeforeEach
    void openStore() {
        store = open(100L * bytesOf(block(1, 0)));
    }

    @AfterEach
    void closeStore() {
        store.close();
    }

    /** The keys of consecutive chunks of a text, of one block each. */
    protected static List<ChunkKey> keys(int text, int numChunks) {
        return IntStream.rangeClosed(1, numChunks).mapToObj(end -> ChunkKey.of(List.of(blockKey(text, end)))).toList();
    }

    /** The key after the first {@code numBlocks} blocks of a text. */
    private static BlockKey blockKey(int text, int numBlocks) {
        BlockKey key = BlockKey.root(PrefixNamespace.builder("contract").with("model", 7).build(), "storage");
        for (int block = 0; block < numBlocks; block++) {
            key = key.next(tokenIds(text, block), 0, BLOCK_SIZE);
        }
        return key;
    }

    private static StoreResult<StoredChunk> get(BlockStore from, ChunkKey key) {
        return from.get(key, "", Arena.ofAuto());
    }

    private static int[] tokenIds(int text, int block) {
        return IntStream.range(0, BLOCK_SIZE).map(i -> text * 1000 + block * BLOCK_SIZE + i).toArray();
    }

    /** A block of two groups, of 70 and 44 bytes, whose content is a function of text and block. */
    protected static StoredChunk block(int text, int block) {
        return block(text, block, true);
    }

    private static StoredChunk block(int text, int block, boolean withSecondGroup) {
        return StoredChunk.of(ORIGIN, blockKey(text, block), (long) block * BLOCK_SIZE, tokenIds(text, block),
                BLOCK_SIZE, Arrays.asList(bytes(text, block, 70), withSecondGroup ? bytes(text, block, 44) : null));
    }

    private static MemorySegment bytes(int text, int block, int numBytes) {
        byte[] bytes = new byte[numBytes];
        new Random(text * 31L + block).nextBytes(bytes);
        return MemorySegment.ofArray(bytes);
    }

    private static void assertSame(StoreResult<StoredChunk> result, StoredChunk expected) {
        assertThat(result).isInstanceOf(StoreResult.Found.class);
        StoredChunk found = ((StoreResult.Found<StoredChunk>) result).content();
        assertThat(found.key()).isEqualTo(expected.key());
        assertThat(found.tokenIds()).containsExactly(expected.tokenIds());
        assertThat(found.isIntact()).isTrue();
        assertThat(found.origin()).isEqualTo(expected.origin());
        assertThat(found.before()).isEqualTo(expected.before());
        assertThat(found.firstPosition()).isEqualTo(expected.firstPosition());
        assertThat(found.blockSize()).isEqualTo(expected.blockSize());
        for (int group = 0; group < 2; group++) {
            assertThat(content(found.part(0, group))).isEqualTo(content(expected.part(0, group)));
        }
    }

    private static byte @Nullable [] content(@Nullable MemorySegment group) {
        return group == null ? null : group.toArray(ValueLayout.JAVA_BYTE);
    }

    @Test
    void emptyStore_hasNothing() {
        assertThat(store.find(keys(1, 3))).isEqualTo(new StoreRun(0, StoreRun.Next.MISSING));
        assertThat(store.find(List.of())).isEqualTo(new StoreRun(0, StoreRun.Next.NONE_ASKED));
        assertThat(get(store, keys(1, 1).getFirst())).isEqualTo(new StoreResult.Missing<>());
        store.forget(keys(1, 1).getFirst());
        assertThat(store.stats().numChunks()).isZero();
    }

    @Test
    void get_returnsWhatWasPut_alsoWithAGroupMissing() throws InterruptedException {
        assertThat(store.put(block(1, 0))).isEqualTo(PutResult.STORED);
        assertThat(store.put(block(1, 1, false))).isEqualTo(PutResult.STORED);
        settle(store);
        assertSame(get(store, block(1, 0).key()), block(1, 0));
        assertSame(get(store, block(1, 1).key()), block(1, 1, false));
        assertThat(store.stats().numChunks()).isEqualTo(2);
        assertThat(store.stats().bytes()).isEqualTo(bytesOf(block(1, 0)) + bytesOf(block(1, 1, false)));
    }

    @Test
    void chunkOfSeveralBlocks_comesBackBlockByBlock() throws InterruptedException {
        int[] ids = IntStream.range(0, 3).flatMap(block -> IntStream.of(tokenIds(5, block))).toArray();
        StoredChunk three = StoredChunk.of(ORIGIN, blockKey(5, 0), 0, ids, BLOCK_SIZE, Arrays.asList(
                bytes(5, 0, 70), bytes(5, 0, 44), bytes(5, 1, 70), null, null, bytes(5, 2, 44)));
        assertThat(store.put(three)).isEqualTo(PutResult.STORED);
        settle(store);
        assertThat(store.find(List.of(three.key()))).isEqualTo(new StoreRun(1, StoreRun.Next.NONE_ASKED));
        StoredChunk found = ((StoreResult.Found<StoredChunk>) get(store, three.key())).content();
        assertThat(found.isIntact()).isTrue();
        for (int block = 0; block < 3; block++) {
            for (int group = 0; group < 2; group++) {
                assertThat(content(found.part(block, group))).isEqualTo(content(three.part(block, group)));
            }
        }
        ChunkKey first = ChunkKey.of(List.of(blockKey(5, 1)));
        assertThat(get(store, first)).isEqualTo(new StoreResult.Missing<>());
        assertThat(store.findSharing(first)).isEqualTo(new StoreResult.Found<>(three.key()));
        assertThat(store.findSharing(ChunkKey.of(List.of(blockKey(5, 1), blockKey(6, 2)))))
                .isEqualTo(new StoreResult.Found<>(three.key()));
        assertThat(store.findSharing(ChunkKey.of(List.of(blockKey(5, 2)))))
                .isEqualTo(new StoreResult.Missing<>());
        store.forget(three.key());
        assertThat(store.findSharing(first)).isEqualTo(new StoreResult.Missing<>());
    }

    @Test
    void put_copiesBeforeItReturns() throws InterruptedException {
        StoredChunk mine = block(1, 0).copy();
        store.put(mine);
        Objects.requireNonNull(mine.part(0, 0)).fill((byte) 99);
        settle(store);
        assertSame(get(store, mine.key()), block(1, 0));
    }

    @Test
    void put_ofAKeyThatIsThere_keepsTheOneWithMoreGroups() throws InterruptedException {
        store.put(block(1, 0, false));
        settle(store);
        assertThat(store.put(block(1, 0))).isEqualTo(PutResult.STORED);
        settle(store);
        assertThat(store.put(block(1, 0, false))).isEqualTo(PutResult.STORED);
        settle(store);
        assertSame(get(store, block(1, 0).key()), block(1, 0));
        assertThat(store.stats().numChunks()).isEqualTo(1);
    }

    @Test
    void find_countsLeadingBlocks_upToTheFirstThatIsMissing() throws InterruptedException {
        for (int block : new int[] {0, 1, 3}) {
            store.put(block(2, block));
        }
        settle(store);
        assertThat(store.find(keys(2, 5))).isEqualTo(new StoreRun(2, StoreRun.Next.MISSING));
        assertThat(store.find(keys(2, 2))).isEqualTo(new StoreRun(2, StoreRun.Next.NONE_ASKED));
        assertThat(store.find(keys(2, 5).subList(3, 5))).isEqualTo(new StoreRun(1, StoreRun.Next.MISSING));
        assertThat(store.find(keys(3, 5)).numChunks()).isZero();
    }

    @Test
    void forget_removesOneBlock() throws InterruptedException {
        store.put(block(1, 0));
        store.put(block(1, 1));
        settle(store);
        store.forget(block(1, 0).key());
        assertThat(get(store, block(1, 0).key())).isInstanceOf(StoreResult.Missing.class);
        assertSame(get(store, block(1, 1).key()), block(1, 1));
        assertThat(store.stats().bytes()).isEqualTo(bytesOf(block(1, 1)));
    }

    @Test
    void limit_holdsAfterEveryPut() throws InterruptedException {
        long limit = 5L * bytesOf(block(1, 0)) + 1;
        try (BlockStore small = open(limit)) {
            for (int block = 0; block < 20; block++) {
                small.put(block(1, block));
                settle(small);
                assertThat(small.stats().bytes()).isLessThanOrEqualTo(limit);
            }
            assertThat(small.stats().numChunks()).isPositive();
        }
        try (BlockStore none = open(bytesOf(block(1, 0)) - 1)) {
            assertThat(none.put(block(1, 0))).isEqualTo(PutResult.REFUSED);
            assertThat(get(none, block(1, 0).key())).isInstanceOf(StoreResult.Missing.class);
        }
    }

    @Test
    void manyThreads_neverGetAnythingButWhatWasPut() throws Exception {
        int numThreads = 4;
        try (ExecutorService threads = Executors.newFixedThreadPool(numThreads)) {
            List<Future<@Nullable Void>> results = new ArrayList<>();
            for (int thread = 0; thread < numThreads; thread++) {
                int seed = thread;
                results.add(threads.submit((Callable<@Nullable Void>) () -> {
                    putAndGet(new Random(seed));
                    return null;
                }));
            }
            for (Future<@Nullable Void> result : results) {
                result.get();
            }
        }
    }

    private void putAndGet(Random random) {
        for (int i = 0; i < 300; i++) {
            StoredChunk block = block(random.nextInt(4), random.nextInt(6));
            switch (random.nextInt(4)) {
                case 0 -> store.put(block);
                case 1 -> store.forget(block.key());
                case 2 -> assertThat(store.find(keys(1, 6)).numChunks()).isBetween(0, 6);
                default -> {
                    if (get(store, block.key()) instanceof StoreResult.Found<StoredChunk> found) {
                        assertSame(found, block);
                    }
                }
            }
        }
    }
}
