package io.github.pastkv.tests.equality;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.JoinedRows;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Attention of rows that share blocks: random trees of forks, each row continued and rewound by itself, are attended in
 * one batch with the bits that each row has alone, from scalar kernels on one thread. Few rows with a long past are
 * split by position together.
 */
@Tag("kernels")
@Tag("stress")
class SharedPrefixAttentionTest {
    private static final int NUM_HEADS = 6;
    private static final int NUM_KV_HEADS = 2;
    private static final int MAX_ROWS = 8;
    private static final List<KvWindow> WINDOWS = List.of(KvWindow.NONE, KvWindow.NONE, KvWindow.NONE,
            KvWindow.of(700), new KvWindow(300, 5), new KvWindow(513, 300), KvWindow.chunks(640));
    private static final List<KvWindow> LONG_WINDOWS =
            List.of(KvWindow.NONE, KvWindow.NONE, KvWindow.of(1150), new KvWindow(1100, 4), new KvWindow(1029, 300));

    /** Caches that are forks of each other, and a step of each. */
    private static final class Tree implements AutoCloseable {
        private final Random random;
        private final int width;
        /** Whether rows and queries are few and the past is long, so that they are split by position together. */
        private final boolean isSplit;
        private final List<KvCache> caches = new ArrayList<>();
        private final List<KvStep> steps = new ArrayList<>();

        Tree(Random random, KvCacheConfig config, boolean isSplit) {
            this.random = random;
            this.isSplit = isSplit;
            this.width = config.shape().numKvHeads() * config.shape().headDim();
            caches.add(new KvCache(config));
            append(caches.getFirst(), isSplit ? 1200 + random.nextInt(600) : random.nextInt(1100));
            int numCaches = 2 + random.nextInt(isSplit ? 3 : MAX_ROWS - 1);
            while (caches.size() < numCaches) {
                KvCache fork = caches.get(random.nextInt(caches.size())).fork();
                caches.add(fork);
                if (random.nextInt(3) == 0 && fork.canRewind(20)) {
                    fork.rewind(random.nextInt(20));
                }
                append(fork, random.nextBoolean() ? random.nextInt(40) : random.nextInt(500));
            }
        }

        private void append(KvCache cache, int numTokens) {
            if (numTokens > 0) {
                try (KvStep step = begin(cache, numTokens)) {
                    step.commit();
                }
            }
        }

        private KvStep begin(KvCache cache, int numTokens) {
            KvStep step = cache.beginStep(AttentionMask.ones(1, numTokens));
            step.write(0, random(random, numTokens, width), random(random, numTokens, width), 0, 0, numTokens);
            return step;
        }

        /** One token for most caches, a few for others, and a chunk of a prompt for some. */
        void beginSteps() {
            for (KvCache cache : caches) {
                int kind = random.nextInt(8);
                int numTokens = kind == 0 && !isSplit ? 20 + random.nextInt(30) : kind < 2 ? 2 + random.nextInt(4) : 1;
                steps.add(begin(cache, numTokens));
            }
        }

        @Override
        public void close() {
            steps.forEach(KvStep::close);
            caches.reversed().forEach(KvCache::close);
        }
    }

    static LongStream seeds() {
        return LongStream.range(0, 8L * Integer.getInteger("pastkv.test.scale", 1));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void rowsOfATree_haveTheBitsOfRowsAlone(long seed) {
        Random random = new Random(seed);
        boolean isSplit = seed % 2 == 1;
        List<KvWindow> windows = isSplit ? LONG_WINDOWS : WINDOWS;
        KvWindow window = windows.get(random.nextInt(windows.size()));
        ScoreForm form = ScoreForm.scaled(0.16f).withWindow(window);
        if (random.nextInt(3) == 0) {
            form = form.withSoftCap(3f).withAlibi(NUM_HEADS);
        }
        KvType[] types = KvType.values();
        KvType type = types[random.nextInt(types.length)];
        KvShape shape = new KvShape(1, NUM_KV_HEADS, random.nextInt(3) == 0 ? 64 : 24);
        KvCacheConfig config = KvCacheConfig.of(shape, 1).withKvType(type)
                .withBlockSize(List.of(7, 16, 16, 64, 272).get(random.nextInt(5)));
        if (window.numChunkTokens() == 0 && random.nextBoolean()) {
            config = config.withWindow(window);
        }
        try (Tree tree = new Tree(random, config, isSplit)) {
            tree.beginSteps();
            JoinedRows all = new JoinedRows();
            tree.steps.forEach(step -> all.add(step, 0, step.numTokens()));
            Tensor queries = random(random, all.numTokens(), NUM_HEADS * shape.headDim());
            float[] expected = alone(shape, tree.steps, form, queries);
            for (String kernels : KernelsUnderTest.names()) {
                int numThreads = isSplit ? 2 + random.nextInt(2) : 1 + random.nextInt(3);
                assertThat(attend(shape, kernels, numThreads, form, all, queries))
                        .as("%s, %d threads, %s, %d rows, %s", kernels, numThreads, type, all.numRows(), window)
                        .isEqualTo(expected);
            }
        }
    }

    private static float[] alone(KvShape shape, List<KvStep> steps, ScoreForm form, Tensor queries) {
        float[] all = new float[Math.toIntExact(queries.numElements())];
        int token = 0;
        for (KvStep step : steps) {
            JoinedRows one = new JoinedRows();
            one.add(step, 0, step.numTokens());
            float[] out = attend(shape, "scalar", 1, form, one, queries.narrow(0, token, token + step.numTokens()));
            System.arraycopy(out, 0, all, token * NUM_HEADS * shape.headDim(), out.length);
            token += step.numTokens();
        }
        return all;
    }

    private static float[] attend(KvShape shape, String kernels, int numThreads, ScoreForm form, JoinedRows rows,
            Tensor queries) {
        Tensor out = Tensor.of(new float[Math.toIntExact(queries.numElements())], queries.shape(0), queries.shape(1));
        try (Compute compute =
                new Compute(KernelsChoice.choose(kernels).kernels(), numThreads, NUM_HEADS, shape)) {
            compute.attention(rows, 0, form, queries, out, 0, rows.numTokens());
        }
        return out.toFloatArray();
    }

    private static Tensor random(Random random, int rows, int columns) {
        float[] numbers = new float[rows * columns];
        IntStream.range(0, numbers.length).forEach(i -> numbers[i] = (float) random.nextGaussian());
        return Tensor.of(numbers, rows, columns);
    }
}
