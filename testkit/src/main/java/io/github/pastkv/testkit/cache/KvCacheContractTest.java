package io.github.pastkv.testkit.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Contract of every cache form, in every storage type. Extend it for each form:
 *
 * <pre>
 * class MyCacheTest extends KvCacheContractTest {
 *     &#64;Override
 *     protected OneLayerCache open(OneLayerCache.Setup setup) {
 *         return new MyCacheAdapter(setup);
 *     }
 * }
 * </pre>
 *
 * <p>The bookkeeping is checked after each test.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class KvCacheContractTest {
    private static final int BATCH = 2;
    private static final int MAX_TOKENS = 70;
    private static final int KV_HEADS = 3;
    private static final int HEAD_DIM = 7;

    @RegisterExtension final IntegrityExtension caches = new IntegrityExtension();

    /** A cache under test, empty. */
    protected abstract OneLayerCache open(OneLayerCache.Setup setup);

    /** Types of storage to test. */
    protected Stream<KvType> kvTypes() {
        return Stream.of(KvType.values());
    }

    /** Block sizes to test. */
    protected IntStream blockSizes() {
        return IntStream.of(1, 5, 16, 64);
    }

    final Stream<OneLayerCache.Setup> setups() {
        return kvTypes().flatMap(type -> blockSizes().mapToObj(
                blockSize -> new OneLayerCache.Setup(BATCH, MAX_TOKENS, KV_HEADS, HEAD_DIM, type, blockSize)));
    }

    private OneLayerCache openWatched(OneLayerCache.Setup setup) {
        OneLayerCache cache = open(setup);
        return caches.watch(cache, cache::checkIntegrity);
    }

    private OneLayerCache openAny() {
        return openWatched(new OneLayerCache.Setup(BATCH, MAX_TOKENS, KV_HEADS, HEAD_DIM, KvType.F32, 5));
    }

    /** Random numbers of a type. */
    private static Tensor random(long seed, DataType type, long... shape) {
        Tensor tensor = Tensor.allocate(Arena.ofAuto(), type, shape);
        Random random = new Random(seed);
        for (long i = 0; i < tensor.numElements(); i++) {
            type.write(tensor.segment(), i * type.bytes(), (float) random.nextGaussian());
        }
        return tensor;
    }

    private static Tensor tokens(long seed, DataType type, int numTokens) {
        return random(seed, type, BATCH, numTokens, KV_HEADS, HEAD_DIM);
    }

    /** Random tokens as they are read after they were stored: storing them changes no number. */
    private static Tensor tokens(long seed, OneLayerCache.Setup setup, int numTokens) {
        Tensor tensor = tokens(seed, setup.dataType(), numTokens);
        for (long from = 0; from < tensor.numElements(); from += HEAD_DIM) {
            float[] head = new float[HEAD_DIM];
            for (int dim = 0; dim < HEAD_DIM; dim++) {
                head[dim] = setup.dataType().read(tensor.segment(), (from + dim) * setup.dataType().bytes());
            }
            float[] stored = StoredNumbers.of(setup.kvType(), head);
            for (int dim = 0; dim < HEAD_DIM; dim++) {
                setup.dataType().write(tensor.segment(), (from + dim) * setup.dataType().bytes(), stored[dim]);
            }
        }
        return tensor;
    }

    private static void assertHolds(OneLayerCache cache, Tensor keys, Tensor values) {
        assertThat(cache.numTokens()).isEqualTo((int) keys.shape(1));
        for (int row = 0; row < BATCH; row++) {
            for (int position = 0; position < keys.shape(1); position++) {
                for (int head = 0; head < KV_HEADS; head++) {
                    for (int dim = 0; dim < HEAD_DIM; dim++) {
                        assertThat(cache.key(row, position, head, dim)).isEqualTo(keys.get(row, position, head, dim));
                        assertThat(cache.value(row, position, head, dim))
                                .isEqualTo(values.get(row, position, head, dim));
                    }
                }
            }
        }
    }

    /** Cuts of the tokens: all at once, at each edge of a block, one by one, at random. */
    private static List<List<Integer>> splits(int numTokens, int blockSize) {
        List<List<Integer>> splits = new ArrayList<>();
        splits.add(List.of(numTokens));
        for (int first : new int[] {blockSize - 1, blockSize, blockSize + 1}) {
            if (first < numTokens) {
                splits.add(List.of(first, numTokens - first));
            }
        }
        splits.add(IntStream.range(0, numTokens).mapToObj(_ -> 1).toList());
        List<Integer> random = new ArrayList<>();
        Random lengths = new Random(5);
        for (int left = numTokens; left > 0; left -= random.getLast()) {
            random.add(lengths.nextInt(Math.min(left, 9) + 1));
        }
        splits.add(random);
        return splits;
    }

    @ParameterizedTest
    @MethodSource("setups")
    void append_inAnyPieces_holdsTheSameNumbers(OneLayerCache.Setup setup) {
        Tensor keys = tokens(1, setup, MAX_TOKENS);
        Tensor values = tokens(2, setup, MAX_TOKENS);
        for (List<Integer> split : splits(MAX_TOKENS, setup.blockSize())) {
            OneLayerCache cache = openWatched(setup);
            int from = 0;
            for (int length : split) {
                cache.append(keys.narrow(1, from, from + length), values.narrow(1, from, from + length));
                from += length;
            }
            assertHolds(cache, keys, values);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void append_beyondTheCapacity_changesNothing(OneLayerCache.Setup setup) {
        OneLayerCache cache = openWatched(setup);
        Tensor keys = tokens(1, setup, MAX_TOKENS);
        assertRefused(cache, tokens(2, setup, MAX_TOKENS + 1), tokens(2, setup, MAX_TOKENS + 1));
        cache.append(keys.narrow(1, 0, 60), keys.narrow(1, 0, 60));
        assertRefused(cache, tokens(2, setup, 11), tokens(2, setup, 11));
        assertHolds(cache, keys.narrow(1, 0, 60), keys.narrow(1, 0, 60));
        cache.append(keys.narrow(1, 60, 70), keys.narrow(1, 60, 70));
        assertRefused(cache, tokens(2, setup, 1), tokens(2, setup, 1));
        assertHolds(cache, keys, keys);
    }

    @ParameterizedTest
    @MethodSource("setups")
    void append_ofAnotherShape_changesNothing(OneLayerCache.Setup setup) {
        OneLayerCache cache = openWatched(setup);
        Tensor held = tokens(1, setup, 6);
        cache.append(held, held);
        Tensor good = tokens(2, setup, 2);
        long[][] badShapes = {{BATCH + 1, 2, KV_HEADS, HEAD_DIM}, {BATCH - 1, 2, KV_HEADS, HEAD_DIM},
            {BATCH, 2, KV_HEADS - 1, HEAD_DIM}, {BATCH, 2, 1, HEAD_DIM}, {BATCH, 2, HEAD_DIM, KV_HEADS},
            {BATCH, 2, KV_HEADS, HEAD_DIM + 1}, {BATCH, 2, KV_HEADS, 1}, {BATCH, 3, KV_HEADS, HEAD_DIM}};
        for (long[] badShape : badShapes) {
            Tensor bad = random(3, setup.dataType(), badShape);
            assertRefused(cache, bad, good);
            assertRefused(cache, good, bad);
        }
        assertHolds(cache, held, held);
    }

    @Test
    void append_ofAnotherType_changesNothing() {
        OneLayerCache cache = openAny();
        Tensor good = tokens(1, DataType.F32, 2);
        assertRefused(cache, tokens(1, DataType.BF16, 2), good);
        assertRefused(cache, good, tokens(1, DataType.F16, 2));
        assertThat(cache.numTokens()).isZero();
    }

    private static void assertRefused(OneLayerCache cache, Tensor keys, Tensor values) {
        assertThatIllegalArgumentException().isThrownBy(() -> cache.append(keys, values))
                .withMessageMatching(".*\\d.*");
    }

    @Test
    void append_ofNothing_changesNothing() {
        OneLayerCache cache = openAny();
        Tensor nothing = tokens(1, DataType.F32, 0);
        cache.append(nothing, nothing);
        assertThat(cache.numTokens()).isZero();
        Tensor held = tokens(1, DataType.F32, 6);
        cache.append(held, held);
        cache.append(nothing, nothing);
        assertHolds(cache, held, held);
    }

    @Test
    void append_afterTheSourceChanged_holdsWhatWasAppended() {
        OneLayerCache cache = openAny();
        Tensor source = tokens(1, DataType.F32, 6);
        cache.append(source, source);
        source.segment().fill((byte) 0);
        Tensor expected = tokens(1, DataType.F32, 6);
        assertHolds(cache, expected, expected);
    }

    @ParameterizedTest
    @MethodSource("setups")
    void reset_forgetsAndStartsAgain(OneLayerCache.Setup setup) {
        OneLayerCache cache = openWatched(setup);
        Tensor first = tokens(1, setup, MAX_TOKENS);
        cache.append(first, first);
        cache.reset();
        assertThat(cache.numTokens()).isZero();
        Tensor second = tokens(2, setup, 6);
        cache.append(second, second);
        assertHolds(cache, second, second);
    }

    @Test
    void read_outsideTheShape_isRefused() {
        OneLayerCache cache = openAny();
        Tensor held = tokens(1, DataType.F32, 6);
        cache.append(held, held);
        for (int[] index : new int[][] {{BATCH, 0, 0, 0}, {-1, 0, 0, 0}, {0, MAX_TOKENS, 0, 0}, {0, -1, 0, 0},
            {0, 0, KV_HEADS, 0}, {0, 0, 0, HEAD_DIM}}) {
            assertThatThrownBy(() -> cache.key(index[0], index[1], index[2], index[3]))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> cache.value(index[0], index[1], index[2], index[3]))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void anyUse_afterClose_isAnIllegalState() {
        OneLayerCache cache = openAny();
        Tensor held = tokens(1, DataType.F32, 6);
        cache.append(held, held);
        cache.close();
        cache.close();
        assertThatIllegalStateException().isThrownBy(cache::numTokens);
        assertThatIllegalStateException().isThrownBy(() -> cache.append(held, held));
        assertThatIllegalStateException().isThrownBy(() -> cache.key(0, 0, 0, 0));
        assertThatIllegalStateException().isThrownBy(() -> cache.value(0, 0, 0, 0));
        assertThatIllegalStateException().isThrownBy(cache::reset);
        cache.checkIntegrity();
    }
}
