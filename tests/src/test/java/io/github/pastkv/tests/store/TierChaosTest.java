package io.github.pastkv.tests.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.UnixOperatingSystemMXBean;
import io.github.pastkv.cache.store.StoreWrites;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.store.FileTier;
import io.github.pastkv.store.InMemoryTier;
import io.github.pastkv.store.TierStore;
import io.github.pastkv.store.TierUse;
import io.github.pastkv.testkit.cache.FaultyCacheTier;
import io.github.pastkv.testkit.cache.FaultyCacheTier.Fault;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Eight sessions read random texts that share prefixes, over a pool that is too small for them and two tiers that fail
 * at random: all bits are those of a run without tiers, and neither memory nor file handles grow. One second, or that
 * often times {@code -Dpastkv.test.scale}: 600 for the long run.
 */
@Tag("stress")
class TierChaosTest {
    private static final int NUM_SESSIONS = 8;
    private static final int NUM_PREFIXES = 6;
    private static final int MAX_TOKENS = 90;
    private static final int TEXTS_PER_WAIT = 5;
    private static final int MIN_TOKENS_LOADED = 500;
    private static final long MAX_TIER_BYTES = 600_000;
    private static final long MAX_CACHED_BYTES = 20_000; // less than a text: what is not running comes from tiers
    private static final long SECONDS = Integer.getInteger("pastkv.test.scale", 1);
    private static final SessionOptions SESSION = SessionOptions.defaults().withBlockSize(4);

    @TempDir private Path folder;

    private static int[] text(Random random) {
        int numShared = random.nextInt(10, MAX_TOKENS - 10);
        Random prefix = new Random(random.nextInt(NUM_PREFIXES));
        int[] tokenIds = prefix.ints(MAX_TOKENS, 1, 60).toArray();
        for (int i = numShared; i < MAX_TOKENS; i++) {
            tokenIds[i] = random.nextInt(1, 60);
        }
        return Arrays.copyOf(tokenIds, random.nextInt(numShared, MAX_TOKENS) + 1);
    }

    private static float[] logits(Model model, SessionOptions options, int[] tokenIds) {
        try (Session session = model.newSession(options)) {
            return session.prefill(tokenIds).toFloatArray();
        }
    }

    private static int readUntil(long end, Model model, Model reference, long seed) {
        Random random = new Random(seed);
        int numTexts = 0;
        while (System.nanoTime() - end < 0 || numTexts < 20) {
            int[] tokenIds = text(random);
            assertThat(logits(model, SESSION, tokenIds)).as("seed %d, text %d", seed, numTexts)
                    .isEqualTo(logits(reference, SESSION.withPrefixReuse(false), tokenIds));
            numTexts++;
            if (numTexts % TEXTS_PER_WAIT == 0) {
                awaitWritten(model);
            }
        }
        return numTexts;
    }

    /** What waits to be written is held in memory, and would be found there instead of in a tier. */
    private static void awaitWritten(Model model) {
        try (Session session = model.newSession(SESSION)) {
            session.prefixIndex().orElseThrow().writeToStore();
        }
    }

    /** Used heap after a collection, and open files. */
    private static long[] usage() {
        System.gc();
        UnixOperatingSystemMXBean system =
                (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return new long[] {ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
            system.getOpenFileDescriptorCount()};
    }

    @Test
    void tiersThatFailAtRandom_changeNoBit() throws Exception {
        TierStore store = new TierStore(List.of(
                new FaultyCacheTier(new FileTier(folder, MAX_TIER_BYTES, FileTier.DEFAULT_DEADLINE),
                        EnumSet.allOf(Fault.class), 0.1, 1),
                new FaultyCacheTier(new InMemoryTier(4 * MAX_TIER_BYTES), EnumSet.allOf(Fault.class), 0.1, 2)),
                16, StoreWrites.COMPLETE, true);
        try (store;
                Model model = Model.load(GoldenModel.of("llama").folder(),
                        ModelOptions.defaults().withNumThreads(2).withMaxCachedBytes(MAX_CACHED_BYTES)
                                .withBlockStore(store));
                Model reference = Model.load(GoldenModel.of("llama").folder(),
                        ModelOptions.defaults().withNumThreads(1));
                ExecutorService threads = Executors.newFixedThreadPool(NUM_SESSIONS)) {
            readUntil(System.nanoTime(), model, reference, 0);
            long[] before = usage();
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            List<Future<Integer>> sessions = new ArrayList<>();
            for (int session = 1; session <= NUM_SESSIONS; session++) {
                long seed = session;
                sessions.add(threads.submit(() -> readUntil(end, model, reference, seed)));
            }
            int numTexts = 0;
            for (Future<Integer> session : sessions) {
                numTexts += session.get();
            }
            long[] after = usage();
            assertThat(after[0] - before[0]).as("heap, bytes").isLessThan(32L << 20);
            assertThat(after[1] - before[1]).as("open files").isLessThan(10);
            List<TierUse> uses = store.tierUses();
            assertThat(uses).allMatch(use -> use.numTokensLoaded() > 0 && use.numRetries() > 0);
            assertThat(uses.stream().mapToLong(TierUse::numChunksRefused).sum()).isPositive();
            assertThat(uses.stream().mapToLong(TierUse::numTokensLoaded).sum()).isGreaterThan(MIN_TOKENS_LOADED);
            System.out.printf("chaos: %d texts, heap %+d KiB, files %+d, %s%n", numTexts,
                    (after[0] - before[0]) >> 10, after[1] - before[1], uses);
        }
    }
}
