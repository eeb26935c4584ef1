package io.github.pastkv.testkit.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.TierEntry;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link CacheTier} does. A tier passes it by a subclass that opens one; a third party's by a dependency on
 * this testkit in test scope.
 */
public abstract class CacheTierContractTest {
    /** Bytes of a chunk that {@link #content} makes. */
    protected static final int CHUNK_BYTES = 1000;

    private CacheTier tier;

    /** A tier on an empty medium, of at most {@code maxBytes} bytes; a test puts at most 100 chunks. */
    protected abstract CacheTier openEmpty(long maxBytes) throws IOException;

    /** A second tier on the medium of another, as another process has it; null where there is no such thing. */
    protected @Nullable CacheTier openAgain(CacheTier other) throws IOException {
        return null;
    }

    /** Whether the medium keeps the limit in bytes; a server may do so by itself. */
    protected boolean keepsLimit() {
        return true;
    }

    @BeforeEach
    void openTier() throws IOException {
        tier = openEmpty(100L * CHUNK_BYTES);
    }

    @AfterEach
    void closeTier() {
        tier.close();
        tier.close();
    }

    /** Names of consecutive chunks of a text. */
    protected static List<ChunkKey> keys(int text, int numChunks) {
        List<ChunkKey> keys = new ArrayList<>();
        BlockKey key = BlockKey.root(PrefixNamespace.builder("contract").with("model", 7).build(), "storage");
        for (int chunk = 0; chunk < numChunks; chunk++) {
            List<BlockKey> blocks = new ArrayList<>();
            for (int block = 0; block < 3; block++) {
                key = key.next(new int[] {text, chunk, block}, 0, 3);
                blocks.add(key);
            }
            keys.add(ChunkKey.of(blocks));
        }
        return keys;
    }

    /** The name of a chunk of a text. */
    protected static ChunkKey key(int text, int chunk) {
        return keys(text, chunk + 1).get(chunk);
    }

    /** Bytes that are a function of text and chunk. */
    protected static byte[] content(int text, int chunk) {
        byte[] bytes = new byte[CHUNK_BYTES];
        new Random(text * 31L + chunk).nextBytes(bytes);
        return bytes;
    }

    /** Puts a chunk in three segments. */
    protected static PutResult put(CacheTier into, int text, int chunk) {
        MemorySegment whole = MemorySegment.ofArray(content(text, chunk));
        return into.put(key(text, chunk), List.of(whole.asSlice(0, 10), whole.asSlice(10, 900), whole.asSlice(910)));
    }

    /** What a tier has of a chunk, or null. */
    protected static byte @Nullable [] get(CacheTier from, int text, int chunk) {
        try (Arena arena = Arena.ofConfined()) {
            return from.get(key(text, chunk), arena) instanceof StoreResult.Found<MemorySegment>(MemorySegment found)
                    ? found.toArray(ValueLayout.JAVA_BYTE)
                    : null;
        }
    }

    @Test
    void emptyTier_hasNothing() throws IOException {
        assertThat(tier.find(keys(1, 3))).isEqualTo(new StoreRun(0, StoreRun.Next.MISSING));
        assertThat(tier.find(List.of())).isEqualTo(new StoreRun(0, StoreRun.Next.NONE_ASKED));
        assertThat(tier.get(key(1, 0), Arena.ofAuto())).isEqualTo(new StoreResult.Missing<>());
        tier.forget(key(1, 0));
        tier.list(entry -> {
            throw new AssertionError("lists " + entry);
        });
        assertThat(tier.stats().numChunks()).isZero();
        assertThat(tier.name()).isNotBlank();
    }

    @Test
    void get_returnsWhatWasPut() {
        assertThat(put(tier, 1, 0)).isEqualTo(PutResult.STORED);
        assertThat(put(tier, 1, 1)).isEqualTo(PutResult.STORED);
        assertThat(get(tier, 1, 0)).isEqualTo(content(1, 0));
        assertThat(get(tier, 1, 1)).isEqualTo(content(1, 1));
        assertThat(get(tier, 1, 2)).isNull();
        assertThat(tier.get(branch(1, 2), Arena.ofAuto())).isEqualTo(new StoreResult.Missing<>());
    }

    /** Chunks that begin at one place: block i of branch b of branch b is the same for all i &lt; b. */
    private static ChunkKey branch(int branch, int numBlocks) {
        List<BlockKey> blocks = new ArrayList<>();
        BlockKey key = BlockKey.root(PrefixNamespace.builder("contract").with("model", 8).build(), "storage");
        for (int block = 0; block < numBlocks; block++) {
            key = key.next(new int[] {block < branch ? 1000 : branch, block}, 0, 2);
            blocks.add(key);
        }
        return ChunkKey.of(blocks);
    }

    @Test
    void findSharing_returnsTheChunkThatSharesMostLeadingBlocks() {
        ChunkKey asked = branch(99, 9); // branch b shares b blocks with it
        assertThat(tier.findSharing(asked)).isEqualTo(new StoreResult.Missing<>());
        put(tier, 1, 0);
        tier.put(branch(0, 9), List.of(MemorySegment.ofArray(content(1, 0))));
        assertThat(tier.findSharing(asked)).isEqualTo(new StoreResult.Missing<>());
        for (int branch : new int[] {2, 4, 1}) {
            tier.put(branch(branch, 7), List.of(MemorySegment.ofArray(content(2, branch))));
        }
        assertThat(tier.findSharing(asked)).isEqualTo(new StoreResult.Found<>(branch(4, 7)));
        tier.put(branch(99, 6), List.of(MemorySegment.ofArray(content(2, 6))));
        assertThat(tier.findSharing(asked)).as("a shorter one").isEqualTo(new StoreResult.Found<>(branch(99, 6)));
        tier.forget(branch(99, 6));
        tier.forget(branch(4, 7));
        assertThat(tier.findSharing(asked)).isEqualTo(new StoreResult.Found<>(branch(2, 7)));
        assertThat(tier.findSharing(key(7, 0))).isEqualTo(new StoreResult.Missing<>());
        assertThat(tier.findSharing(branch(2, 1))).as("one block of many")
                .isInstanceOf(StoreResult.Found.class);
    }

    @Test
    void put_copiesBeforeItReturns() {
        byte[] mine = content(1, 0);
        tier.put(key(1, 0), List.of(MemorySegment.ofArray(mine)));
        mine[0]++;
        assertThat(get(tier, 1, 0)).isEqualTo(content(1, 0));
    }

    @Test
    void put_ofANameThatIsThere_keepsTheLongerContent() {
        MemorySegment whole = MemorySegment.ofArray(content(1, 0));
        assertThat(tier.put(key(1, 0), List.of(whole.asSlice(0, 700)))).isEqualTo(PutResult.STORED);
        assertThat(tier.put(key(1, 0), List.of(whole))).isEqualTo(PutResult.STORED);
        assertThat(tier.put(key(1, 0), List.of(whole.asSlice(0, 800)))).isEqualTo(PutResult.STORED);
        assertThat(get(tier, 1, 0)).isEqualTo(content(1, 0));
    }

    @Test
    void find_countsLeadingChunks_upToTheFirstThatIsMissing() {
        for (int chunk : new int[] {0, 1, 3}) {
            put(tier, 2, chunk);
        }
        assertThat(tier.find(keys(2, 5))).isEqualTo(new StoreRun(2, StoreRun.Next.MISSING));
        assertThat(tier.find(keys(2, 2))).isEqualTo(new StoreRun(2, StoreRun.Next.NONE_ASKED));
        assertThat(tier.find(keys(2, 5).subList(3, 5))).isEqualTo(new StoreRun(1, StoreRun.Next.MISSING));
        assertThat(tier.find(keys(3, 5)).numChunks()).isZero();
    }

    @Test
    void peek_returnsTheBeginningAtLeast_andNothingOfWhatIsNotThere() {
        put(tier, 1, 0);
        for (long maxBytes : new long[] {1, 10, CHUNK_BYTES, Long.MAX_VALUE}) {
            assertThat(tier.peek(key(1, 0), maxBytes, Arena.ofAuto()))
                    .isInstanceOfSatisfying(StoreResult.Found.class, found -> {
                        byte[] bytes = ((MemorySegment) found.content()).toArray(ValueLayout.JAVA_BYTE);
                        assertThat(bytes.length).isGreaterThanOrEqualTo((int) Math.min(maxBytes, CHUNK_BYTES));
                        assertThat(bytes).isEqualTo(Arrays.copyOf(content(1, 0), bytes.length));
                    });
        }
        assertThat(tier.peek(key(1, 1), 10, Arena.ofAuto())).isEqualTo(new StoreResult.Missing<>());
    }

    @Test
    void forget_removesOneChunk() {
        put(tier, 1, 0);
        put(tier, 1, 1);
        tier.forget(key(1, 0));
        assertThat(get(tier, 1, 0)).isNull();
        assertThat(tier.find(keys(1, 2)).numChunks()).isZero();
        assertThat(get(tier, 1, 1)).isEqualTo(content(1, 1));
    }

    @Test
    void list_namesEachChunkWithItsBytes() throws IOException {
        for (int chunk = 0; chunk < 7; chunk++) {
            put(tier, 4, chunk);
        }
        List<TierEntry> entries = new ArrayList<>();
        tier.list(entries::add);
        assertThat(entries).extracting(TierEntry::key).containsExactlyInAnyOrderElementsOf(keys(4, 7));
        for (TierEntry entry : entries) {
            assertThat(entry.bytes()).isEqualTo(CHUNK_BYTES);
            assertThat(entry.lastUsed()).isBetween(Instant.now().minus(Duration.ofMinutes(10)),
                    Instant.now().plus(Duration.ofMinutes(1)));
        }
    }

    @Test
    void limit_holdsAfterEveryPut_andTheLeastRecentlyUsedGo() throws IOException {
        if (!keepsLimit()) {
            return;
        }
        try (CacheTier small = openEmpty(5L * CHUNK_BYTES + 1)) {
            for (int chunk = 0; chunk < 20; chunk++) {
                put(small, 1, chunk);
                assertThat(small.stats().bytes()).isLessThanOrEqualTo(5L * CHUNK_BYTES + 1);
                List<TierEntry> entries = new ArrayList<>();
                small.list(entries::add);
                assertThat(entries.stream().mapToLong(TierEntry::bytes).sum()).isLessThanOrEqualTo(
                        5L * CHUNK_BYTES + 1);
                if (chunk >= 2) {
                    assertThat(get(small, 1, 2)).as("in use all the time").isEqualTo(content(1, 2));
                }
            }
            assertThat(small.stats().numEvicted()).isEqualTo(15);
        }
        try (CacheTier none = openEmpty(CHUNK_BYTES - 1)) {
            assertThat(put(none, 1, 0)).isEqualTo(PutResult.REFUSED);
            assertThat(get(none, 1, 0)).isNull();
        }
    }

    @Test
    void otherProcess_findsWhatWasPut_andSeesWhatWasForgotten() throws IOException {
        put(tier, 1, 0);
        try (CacheTier other = openAgain(tier)) {
            if (other == null) {
                return;
            }
            put(tier, 1, 1);
            assertThat(get(other, 1, 0)).isEqualTo(content(1, 0));
            assertThat(other.find(keys(1, 3))).isEqualTo(new StoreRun(2, StoreRun.Next.MISSING));
            assertThat(get(other, 1, 1)).as("put after it was opened").isEqualTo(content(1, 1));
            other.forget(key(1, 0));
            assertThat(get(tier, 1, 0)).isNull();
        }
    }

    @Test
    void closedTier_saysRetry() {
        put(tier, 1, 0);
        tier.close();
        assertThat(tier.find(keys(1, 1))).isEqualTo(new StoreRun(0, StoreRun.Next.RETRY));
        assertThat(tier.get(key(1, 0), Arena.ofAuto())).isInstanceOf(StoreResult.Retry.class);
        assertThat(put(tier, 1, 1)).isEqualTo(PutResult.RETRY);
        tier.forget(key(1, 0));
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
            int text = random.nextInt(4);
            int chunk = random.nextInt(6);
            switch (random.nextInt(4)) {
                case 0 -> put(tier, text, chunk);
                case 1 -> tier.forget(key(text, chunk));
                case 2 -> assertThat(tier.find(keys(1, 6)).numChunks()).isBetween(0, 6);
                default -> {
                    byte[] found = get(tier, text, chunk);
                    assertThat(found == null || Arrays.equals(found, content(text, chunk))).isTrue();
                }
            }
        }
    }
}
