package io.github.pastkv.testkit.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Contract of every cache form that forks, rewinds and takes tokens from another, with and without windows. Extend it
 * for each form; it needs nothing of PastKV's own caches:
 *
 * <pre>
 * class MyCacheTest extends HistoryCacheContractTest {
 *     &#64;Override
 *     protected HistoryCache open(HistoryCache.Setup setup) {
 *         return new MyCacheAdapter(setup);
 *     }
 * }
 * </pre>
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class HistoryCacheContractTest {
    private static final int BATCH = 2;
    private static final int MAX_TOKENS = 90;
    private static final int KV_HEADS = 3;
    private static final int HEAD_DIM = 4;
    private static final int MAX_REWIND = 6;

    @RegisterExtension final IntegrityExtension caches = new IntegrityExtension();

    /** A cache under test, empty. */
    protected abstract HistoryCache open(HistoryCache.Setup setup);

    /** Windows to test. */
    protected Stream<KvWindow> windows() {
        return Stream.of(KvWindow.NONE, KvWindow.of(1), KvWindow.of(9), new KvWindow(9, 4), new KvWindow(20, 17));
    }

    /** Block sizes to test. */
    protected IntStream blockSizes() {
        return IntStream.of(1, 5, 16, 64);
    }

    final Stream<HistoryCache.Setup> setups() {
        return windows().flatMap(window -> blockSizes().mapToObj(blockSize -> new HistoryCache.Setup(
                new OneLayerCache.Setup(BATCH, MAX_TOKENS, KV_HEADS, HEAD_DIM, KvType.F32, blockSize), window,
                MAX_REWIND)));
    }

    /** A cache and what it should hold: the number that each token was made from. */
    private final class Known {
        final HistoryCache cache;
        final KvWindow window;
        final List<Integer> seeds;

        Known(HistoryCache cache, KvWindow window, List<Integer> seeds) {
            this.cache = caches.watch(cache, cache::checkIntegrity);
            this.window = window;
            this.seeds = seeds;
        }

        void append(int numTokens, int firstSeed) {
            List<Integer> added = IntStream.range(firstSeed, firstSeed + numTokens).boxed().toList();
            cache.append(tokens(added, true), tokens(added, false));
            seeds.addAll(added);
        }

        Known fork() {
            return new Known(cache.fork(), window, new ArrayList<>(seeds));
        }

        void truncate(int numTokens) {
            cache.truncate(numTokens);
            seeds.subList(numTokens, seeds.size()).clear();
        }

        /** All that the next token sees is there. */
        void requireHeld() {
            assertThat(cache.numTokens()).isEqualTo(seeds.size());
            Tensor keys = tokens(seeds, true);
            Tensor values = tokens(seeds, false);
            for (int position = 0; position < seeds.size(); position++) {
                for (int row = 0; row < BATCH && window.sees(seeds.size(), position); row++) {
                    for (int dim = 0; dim < HEAD_DIM; dim++) {
                        assertThat(cache.key(row, position, 2, dim)).isEqualTo(keys.get(row, position, 2, dim));
                        assertThat(cache.value(row, position, 1, dim)).isEqualTo(values.get(row, position, 1, dim));
                    }
                }
            }
        }
    }

    private static Tensor tokens(List<Integer> seeds, boolean ofKeys) {
        Tensor tokens = Tensor.of(new float[BATCH * seeds.size() * KV_HEADS * HEAD_DIM], BATCH, seeds.size(), KV_HEADS,
                HEAD_DIM);
        for (int token = 0; token < seeds.size(); token++) {
            Random random = new Random(2L * seeds.get(token) + (ofKeys ? 1 : 0));
            for (int row = 0; row < BATCH; row++) {
                for (int head = 0; head < KV_HEADS; head++) {
                    for (int dim = 0; dim < HEAD_DIM; dim++) {
                        tokens.set(random.nextFloat(), row, token, head, dim);
                    }
                }
            }
        }
        return tokens;
    }

    private Known known(HistoryCache.Setup setup) {
        return new Known(open(setup), setup.window(), new ArrayList<>());
    }

    @ParameterizedTest
    @MethodSource("setups")
    void fork_goesItsOwnWay_andMayOutliveItsSource(HistoryCache.Setup setup) {
        for (int length : new int[] {0, 1, 15, 16, 33, 64}) {
            Known trunk = known(setup);
            trunk.append(length, 0);
            Known fork = trunk.fork();
            Known forkOfFork = fork.fork();
            trunk.append(3, 100);
            fork.append(20, 200);
            trunk.requireHeld();
            trunk.cache.close();
            forkOfFork.append(1, 300);
            fork.cache.close();
            forkOfFork.requireHeld();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void truncate_byUpToTheStatedDistance_isAlwaysPossible(HistoryCache.Setup setup) {
        for (int length : new int[] {1, 5, 16, 17, 50, 80}) {
            for (int back = 0; back <= Math.min(length, setup.maxRewindTokens()); back++) {
                Known cache = known(setup);
                cache.append(length, 0);
                assertThat(cache.cache.canTruncate(length - back)).isTrue();
                cache.truncate(length - back);
                cache.requireHeld();
                cache.append(back + 2, 500);
                cache.requireHeld();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void truncate_toAnyLength_isHonest(HistoryCache.Setup setup) {
        for (int length = 0; length <= 80; length++) {
            Known cache = known(setup);
            cache.append(80, 0);
            int kept = length;
            if (cache.cache.canTruncate(kept)) {
                cache.truncate(kept);
                cache.append(2, 700);
            } else {
                assertThat(setup.window().isBounded()).isTrue();
                assertThatIllegalArgumentException().isThrownBy(() -> cache.cache.truncate(kept));
            }
            cache.requireHeld();
        }
        Known cache = known(setup);
        cache.append(3, 0);
        assertThatIllegalArgumentException().isThrownBy(() -> cache.cache.truncate(4));
        assertThatIllegalArgumentException().isThrownBy(() -> cache.cache.truncate(-1));
        cache.requireHeld();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void graft_appendsTheTokensAsStored(HistoryCache.Setup setup) {
        Known source = known(setup);
        source.append(40, 0);
        Known target = known(setup);
        target.append(7, 900);
        int from = Math.max(0, 40 - Math.max(setup.maxRewindTokens(), 1));
        target.cache.graft(source.cache, from, 40);
        target.seeds.addAll(source.seeds.subList(from, 40));
        target.append(1, 990);
        target.requireHeld();
        source.requireHeld();
        assertThatIllegalArgumentException().isThrownBy(() -> target.cache.graft(source.cache, 38, 41));
        target.requireHeld();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void randomOperations_keepWhatIsSeen(HistoryCache.Setup setup) {
        long seed = 20253;
        Random random = new Random(seed);
        List<Known> all = new ArrayList<>();
        all.add(known(setup));
        for (int operation = 0; operation < 120; operation++) {
            Known cache = all.get(random.nextInt(all.size()));
            int length = cache.seeds.size();
            switch (random.nextInt(4)) {
                case 0 -> {
                    int back = random.nextInt(Math.min(length, setup.maxRewindTokens()) + 1);
                    if (cache.cache.canTruncate(length - back)) {
                        cache.truncate(length - back);
                    }
                }
                case 1 -> {
                    if (all.size() < 5) {
                        all.add(cache.fork());
                    }
                }
                default -> cache.append(random.nextInt(Math.min(12, MAX_TOKENS - length) + 1), 1000 * operation);
            }
            all.forEach(Known::requireHeld);
            cache.cache.checkIntegrity();
        }
    }
}
