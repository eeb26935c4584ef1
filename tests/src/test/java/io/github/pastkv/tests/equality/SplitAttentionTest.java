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
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
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

    static Stream<ScoreForm> forms() {
        ScoreForm plain = ScoreForm.scaled(0.16f);
        return WINDOWS.stream().flatMap(window -> Stream.of(plain, plain.withSoftCap(3f).withAlibi(NUM_HEADS))
                .map(form -> form.withWindow(window)));
    }

    @ParameterizedTest
    @MethodSource("forms")
    void everyCut_hasTheBitsOfOneThread(ScoreForm form) {
        for (DataType type : new DataType[] {DataType.F32, DataType.F16, DataType.BF16}) {
            for (int[] pastLengths : PAST_LENGTHS) {
                float[] expected = attend("scalar", 1, form, type, 16, pastLengths);
                for (String kernels : KernelsUnderTest.names()) {
                    for (int numThreads = 1; numThreads <= 3; numThreads++) {
                        assertThat(attend(kernels, numThreads, form, type, 16, pastLengths))
                                .as("%s, %d threads, %s, past %d, %s", kernels, numThreads, type, pastLengths[0],
                                        form.window())
                                .isEqualTo(expected);
                    }
                }
                assertThat(attend("scalar", 2, form, type, 7, pastLengths)).isEqualTo(expected);
            }
        }
    }

    private static float[] attend(String kernels, int numThreads, ScoreForm form, DataType type, int blockSize,
            int[] pastLengths) {
        int batchSize = pastLengths.length;
        Random random = new Random(20262);
        KvShape shape = new KvShape(1, NUM_KV_HEADS, HEAD_DIM);
        try (KvCache cache = new KvCache(
                KvCacheConfig.of(shape, batchSize).withKvType(KvType.of(type)).withBlockSize(blockSize));
                Compute compute = new Compute(KernelsChoice.choose(kernels).kernels(), numThreads, NUM_HEADS,
                        new KvShape(1, NUM_KV_HEADS, HEAD_DIM))) {
            append(cache, AttentionMask.ofLengths(pastLengths), random).close();
            Tensor queries = random(random, batchSize, NUM_HEADS * HEAD_DIM);
            Tensor out = Tensor.of(new float[batchSize * NUM_HEADS * HEAD_DIM], batchSize, NUM_HEADS * HEAD_DIM);
            AttentionMask one = AttentionMask.ones(batchSize, 1);
            try (KvStep step = cache.beginStep(one)) {
                Tensor keys = random(random, batchSize, NUM_KV_HEADS * HEAD_DIM);
                step.write(0, keys, keys, 0, 0, batchSize);
                compute.attention(step, 0, form, queries, out, 0, batchSize);
                compute.attention(step, 0, form, queries, out, 0, batchSize); // again, over what buffers hold now
            }
            return out.toFloatArray();
        }
    }

    private static KvStep append(KvCache cache, AttentionMask mask, Random random) {
        KvStep step = cache.beginStep(mask);
        int width = NUM_KV_HEADS * HEAD_DIM;
        step.write(0, random(random, step.numTokens(), width), random(random, step.numTokens(), width), 0, 0,
                step.numTokens());
        step.commit();
        return step;
    }

    private static Tensor random(Random random, int rows, int columns) {
        float[] numbers = new float[rows * columns];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        return Tensor.of(numbers, rows, columns);
    }
}
