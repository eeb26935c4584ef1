package io.github.pastkv.tests.equality;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.model.LogitRows;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Logits of the last tokens alone equal those of a step that computes all of them. The last layer then runs for the
 * requested rows only.
 */
@Tag("kernels")
@Tag("slow")
class LastRowsEqualityTest {
    private static final int[] LENGTHS = {1, 9, 31, 32, 47};
    private static final int[] PASS_TOKENS = {7, 40, 512};

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#onAllKernels")
    void lastRow_ofAnyLengthAndPass_isThatOfTheWholeStep(Subject subject) throws IOException {
        int[] tokenIds = repeated(subject.tokenIds(), 47);
        for (int maxBatchTokens : PASS_TOKENS) {
            try (Model model = subject.load(ModelOptions.defaults().withMaxBatchTokens(maxBatchTokens))) {
                LogitRows all = Paths.oneShot(model, subject.session(), tokenIds);
                for (int length : LENGTHS) {
                    try (Session session = model.newSession(subject.session().withPrefixReuse(false))) {
                        Tensor last = session.prefill(Arrays.copyOf(tokenIds, length));
                        String path = length + " tokens in passes of " + maxBatchTokens;
                        LogitRows.of(last.reshape(1, last.numElements())).requireSameBits(path,
                                all.slice(length - 1, length));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#covering")
    void lastRows_ofABatch_areThoseOfEachRow_andWhatIsStoredToo(Subject subject) throws IOException {
        int[] tokenIds = repeated(subject.tokenIds(), 47);
        int[][] rows = {tokenIds, Arrays.copyOf(tokenIds, 47), tokenIds};
        AttentionMask mask = AttentionMask.ofLengths(47, 5, 40);
        try (Model model = subject.load();
                Session session = model
                        .newSession(subject.session().withBatchSize(3).withPrefixReuse(false))) {
            LogitRows all = Paths.oneShot(model, subject.session(), tokenIds);
            Tensor last = session.prefill(rows, mask);
            int[] lengths = {47, 5, 40};
            for (int row = 0; row < 3; row++) {
                LogitRows.of(last.narrow(0, row, row + 1L)).requireSameBits("row " + row,
                        all.slice(lengths[row] - 1, lengths[row]));
            }
        }
    }

    private static int[] repeated(int[] ids, int numTokens) {
        int[] repeated = new int[numTokens];
        for (int i = 0; i < numTokens; i++) {
            repeated[i] = ids[i % ids.length];
        }
        return repeated;
    }
}
