package io.github.pastkv.tests.equality;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.kernels.Compute;
import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.kernels.ScoreForm;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import io.github.pastkv.testkit.model.TestScale;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Split-KV attention: decoding over a long past is split by position where there are more threads than heads. Every
 * split gives the bits of the scalar kernels on one thread, which never split.
 */
@Tag("kernels")
@Tag("slow")
class SplitAttentionTest {
    private static final int NUM_HEADS = 6;
    private static final int NUM_KV_HEADS = 2;
    private static final int HEAD_DIM = 40;
    /** Spans of 256 that end with the row, go on for one position, and stop in a group of 16. */
    private static final List<int[]> PAST_LENGTHS =
            List.of(new int[] {1535}, new int[] {1536}, new int[] {2500, 1100}, new int[] {3071});
    private static final List<KvWindow> WINDOWS = List.of(KvWindow.NONE, KvWindow.of(1300), new KvWindow(1100, 4),
            new KvWindow(1029, 300));

    private static final KvShape SHAPE = new KvShape(1, NUM_KV_HEADS, HEAD_DIM);

    static Stream<Arguments> typesAndPasts() {
        List<KvType> types = List.of(KvType.F32, KvType.F16, KvType.BF16);
        return IntStream.range(0, types.size()).boxed().flatMap(number -> TestScale.everyOther(PAST_LENGTHS, number)
                .stream().map(lengths -> Arguments.of(types.get(number), lengths)));
    }

    private static List<ScoreForm> forms() {
        ScoreForm plain = ScoreForm.scaled(0.16f);
        return WINDOWS.stream().flatMap(window -> Stream.of(plain, plain.withSoftCap(3f).withAlibi(NUM_HEADS))
                .map(form -> form.withWindow(window))).toList();
    }

    @ParameterizedTest
    @MethodSource("typesAndPasts")
    void everyCut_hasTheBitsOfOneThread(KvType type, int[] pastLengths) {
        try (KvCache cache = cache(type, 16, pastLengths); KvCache smallBlocks = cache(type, 7, pastLengths)) {
            List<float[]> expected = attendAll(KernelsUnderTest.SCALAR, 1, cache);
            requireEqual("blocks of 7", expected, attendAll(KernelsUnderTest.SCALAR, 2, smallBlocks));
            for (String kernels : KernelsUnderTest.names()) {
                for (int numThreads = kernels.equals(KernelsUnderTest.SCALAR) ? 2 : 1; numThreads <= 3; numThreads++) {
                    requireEqual(kernels + ", " + numThreads + " threads", expected,
                            attendAll(kernels, numThreads, cache));
                }
            }
        }
    }

    private static void requireEqual(String path, List<float[]> expected, List<float[]> actual) {
        for (int form = 0; form < expected.size(); form++) {
            assertThat(actual.get(form)).as("%s, %s", path, forms().get(form)).isEqualTo(expected.get(form));
        }
    }

    private static KvCache cache(KvType type, int blockSize, int[] pastLengths) {
        KvCache cache = new KvCache(
                KvCacheConfig.of(SHAPE, pastLengths.length).withKvType(type).withBlockSize(blockSize));
        Random random = new Random(20262);
        int width = NUM_KV_HEADS * HEAD_DIM;
        try (KvStep step = cache.beginStep(AttentionMask.ofLengths(pastLengths))) {
            step.write(0, random(random, step.numTokens(), width), random(random, step.numTokens(), width), 0, 0,
                    step.numTokens());
            step.commit();
        }
        return cache;
    }

    /** What the next token of each row attends to, in each form; the cache stays as it is. */
    private static List<float[]> attendAll(String kernels, int numThreads, KvCache cache) {
        int batchSize = cache.config().batchSize();
        Random random = new Random(20263);
        Tensor queries = random(random, batchSize, NUM_HEADS * HEAD_DIM);
        Tensor keys = random(random, batchSize, NUM_KV_HEADS * HEAD_DIM);
        try (Compute compute = new Compute(KernelsChoice.choose(kernels).kernels(), numThreads, NUM_HEADS, SHAPE);
                KvStep step = cache.beginStep(AttentionMask.ones(batchSize, 1))) {
            step.write(0, keys, keys, 0, 0, batchSize);
            return forms().stream().map(form -> attend(compute, step, form, queries)).toList();
        }
    }

    private static float[] attend(Compute compute, KvStep step, ScoreForm form, Tensor queries) {
        int batchSize = Math.toIntExact(queries.shape(0));
        Tensor out = Tensor.of(new float[batchSize * NUM_HEADS * HEAD_DIM], batchSize, NUM_HEADS * HEAD_DIM);
        compute.attention(step, 0, form, queries, out, 0, batchSize);
        compute.attention(step, 0, form, queries, out, 0, batchSize); // again, over what buffers hold now
        return out.toFloatArray();
    }

    private static Tensor random(Random random, int rows, int columns) {
        float[] numbers = new float[rows * columns];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        return Tensor.of(numbers, rows, columns);
    }
}
