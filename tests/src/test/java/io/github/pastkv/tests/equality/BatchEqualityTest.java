package io.github.pastkv.tests.equality;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.model.LogitRows;
import io.github.pastkv.testkit.model.PaddedBatch;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A row's logits do not depend on other rows or on padding. */
@Tag("kernels")
@Tag("slow")
class BatchEqualityTest {
    private static final int NUM_RANDOM_MASKS = Subject.rounds(3);

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#covering")
    void paddedRows_equalRowsAlone(Subject subject) throws IOException {
        int[][] rows = strangers(subject.tokenIds());
        try (Model model = subject.load()) {
            List<LogitRows> expected = alone(subject, model, rows);
            requireEqual(subject, model, "left-padded", expected, PaddedBatch.left(rows));
            requireEqual(subject, model, "right-padded", expected, PaddedBatch.right(rows));
            for (int seed = 0; seed < NUM_RANDOM_MASKS; seed++) {
                PaddedBatch holes = PaddedBatch.holes(new Random(seed), rows);
                requireEqual(subject, model, "seed " + seed + ", " + holes.mask(), expected, holes);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#covering")
    void paddedSteps_oneAfterTheOther_equalRowsAlone(Subject subject) throws IOException {
        int[][] rows = strangers(subject.tokenIds());
        try (Model model = subject.load()) {
            List<LogitRows> expected = alone(subject, model, rows);
            for (int seed = 0; seed < NUM_RANDOM_MASKS; seed++) {
                Random random = new Random(seed);
                int[] cuts = Arrays.stream(rows).mapToInt(row -> random.nextInt(row.length + 1)).toArray();
                int[][] heads = cut(rows, row -> Arrays.copyOf(rows[row], cuts[row]));
                int[][] tails = cut(rows, row -> Arrays.copyOfRange(rows[row], cuts[row], rows[row].length));
                requireEqual(subject, model, "seed " + seed + ", heads of " + Arrays.toString(cuts), expected,
                        PaddedBatch.left(heads), PaddedBatch.holes(random, tails));
            }
        }
    }

    private static int[][] cut(int[][] rows, IntFunction<int[]> part) {
        return IntStream.range(0, rows.length).mapToObj(part).toArray(int[][]::new);
    }

    /** The prompt, a shorter one and a longer one that share nothing with it. */
    private static int[][] strangers(int[] prompt) {
        int[] third = IntStream.range(0, prompt.length / 3).map(i -> prompt[prompt.length - 1 - i]).toArray();
        int[] longer = IntStream.range(0, prompt.length + 4).map(i -> prompt[(i * 7 + 3) % prompt.length]).toArray();
        return new int[][] {prompt, third, longer};
    }

    private static List<LogitRows> alone(Subject subject, Model model, int[][] rows) {
        return Stream.of(rows).map(row -> Paths.oneShot(model, subject.session(), row)).toList();
    }

    private static void requireEqual(Subject subject, Model model, String path, List<LogitRows> expected,
            PaddedBatch... steps) {
        List<LogitRows> actual = expected.stream().map(_ -> new LogitRows()).toList();
        try (Session session = model.newSession(subject.session().withBatchSize(expected.size()))) {
            for (PaddedBatch step : steps) {
                Tensor logits = session.append(step.tokenIds(), step.mask());
                for (int row = 0; row < actual.size(); row++) {
                    actual.get(row).addReal(logits, step.mask(), row);
                }
            }
        }
        for (int row = 0; row < actual.size(); row++) {
            actual.get(row).requireSameBits(path + ", row " + row, expected.get(row));
        }
    }
}
