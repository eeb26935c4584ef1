package io.github.pastkv.tests.equality;

import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.GoldenModel;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import io.github.pastkv.testkit.model.LogitRows;
import io.github.pastkv.testkit.model.PaddedBatch;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A token's bits do not depend on which other tokens share its experts: random rows in random batches, chunks and
 * passes, against each row alone, token by token, on one thread.
 */
@Tag("kernels")
@Tag("stress")
class ExpertsEqualityTest {
    private static final int NUM_BATCHES = Integer.getInteger("pastkv.test.scale", 1);

    static List<String> models() {
        return GoldenModel.EXPERT_NAMES;
    }

    static List<LinearPrecision> otherPrecisions() {
        return Subject.OTHER_PRECISIONS;
    }

    @ParameterizedTest
    @MethodSource("models")
    void rowsTogether_equalEachAlone(String name) throws IOException {
        requireEqual(name, LinearPrecision.PLAIN);
    }

    @ParameterizedTest
    @MethodSource("otherPrecisions")
    void rowsTogether_equalEachAlone_inOtherPrecisions(LinearPrecision precision) throws IOException {
        requireEqual("qwen2_moe", precision);
    }

    private static void requireEqual(String name, LinearPrecision precision) throws IOException {
        GoldenModel golden = GoldenModel.of(name);
        ModelOptions options = ModelOptions.defaults().withKernels(KernelsUnderTest.fastest())
                .withWeights(precision.weights()).withCompute(ComputeChoice.valueOf(precision.compute().name()));
        try (Model alone = Model.load(golden.folder(), options.withNumThreads(1));
                Model together = Model.load(golden.folder(), options.withNumThreads(2).withMaxBatchTokens(13))) {
            for (int seed = 0; seed < NUM_BATCHES; seed++) {
                requireEqual(new Random(seed), alone, together, name + ", seed " + seed);
            }
        }
    }

    private static void requireEqual(Random random, Model alone, Model together, String path) {
        int[][] rows = new int[2 + random.nextInt(4)][];
        Arrays.setAll(rows, _ -> random.ints(1 + random.nextInt(24), 0, alone.config().vocabSize()).toArray());
        int[] cuts = Arrays.stream(rows).mapToInt(row -> random.nextInt(row.length + 1)).toArray();
        int[][] heads = new int[rows.length][];
        Arrays.setAll(heads, row -> Arrays.copyOf(rows[row], cuts[row]));
        int[][] tails = new int[rows.length][];
        Arrays.setAll(tails, row -> Arrays.copyOfRange(rows[row], cuts[row], rows[row].length));
        List<LogitRows> actual = Stream.of(rows).map(_ -> new LogitRows()).toList();
        try (Session session = together.newSession(SessionOptions.defaults().withBatchSize(rows.length))) {
            for (PaddedBatch step : List.of(PaddedBatch.left(heads), PaddedBatch.holes(random, tails))) {
                Tensor logits = session.append(step.tokenIds(), step.mask());
                for (int row = 0; row < rows.length; row++) {
                    actual.get(row).addReal(logits, step.mask(), row);
                }
            }
        }
        for (int row = 0; row < rows.length; row++) {
            LogitRows expected =
                    Paths.chunked(alone, SessionOptions.defaults(), rows[row], Paths.ones(rows[row].length));
            actual.get(row).requireSameBits(path + ", row " + row, expected);
        }
    }
}
