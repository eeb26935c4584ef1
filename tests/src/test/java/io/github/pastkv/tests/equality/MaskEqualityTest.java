package io.github.pastkv.tests.equality;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.model.LogitRows;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A logit does not depend on padding, for every position scheme (learned, offset, RoPE over all or part of a head, two
 * RoPE bases, ALiBi) and every window: positions count real tokens only.
 */
@Tag("kernels")
@Tag("slow")
class MaskEqualityTest {
    private static final int PAD_ID = -1;

    /** Slots of one step: tokens of the prompt, or pads. */
    private record Run(int fromToken, int toToken, int numPads) {
        static Run pads(int numPads) {
            return new Run(0, 0, numPads);
        }

        static Run tokens(int from, int to) {
            return new Run(from, to, 0);
        }

        List<Integer> slots(int[] tokenIds) {
            return numPads > 0
                    ? Collections.nCopies(numPads, PAD_ID)
                    : Arrays.stream(tokenIds, fromToken, toToken).boxed().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#covering")
    void padsAnywhere_changeNothing(Subject subject) throws IOException {
        int n = subject.tokenIds().length;
        int half = n / 2;
        try (Model model = subject.load()) {
            LogitRows expected = Paths.oneShot(model, subject.session(), subject.tokenIds());
            for (int pads : new int[] {1, 9}) {
                List<List<Run>> paths = List.of(List.of(Run.pads(pads), Run.tokens(0, n)),
                        List.of(Run.tokens(0, n), Run.pads(pads)),
                        List.of(Run.tokens(0, half), Run.pads(pads), Run.tokens(half, n)),
                        List.of(Run.pads(pads), Run.tokens(0, 3), Run.pads(1), Run.tokens(3, half), Run.pads(pads),
                                Run.tokens(half, n), Run.pads(2)));
                for (List<Run> path : paths) {
                    requireSame(subject, model, path, expected);
                }
            }
        }
    }

    /** All runs in one step, and each in a step of its own. */
    private static void requireSame(Subject subject, Model model, List<Run> runs, LogitRows expected) {
        List<Integer> all = new ArrayList<>();
        LogitRows many = new LogitRows();
        try (Session manySteps = model.newSession(subject.session());
                Session oneStep = model.newSession(subject.session())) {
            for (Run run : runs) {
                all.addAll(run.slots(subject.tokenIds()));
                append(manySteps, run.slots(subject.tokenIds()), many);
            }
            LogitRows one = new LogitRows();
            append(oneStep, all, one);
            one.requireSameBits("one step of " + runs, expected);
            many.requireSameBits("steps of " + runs, expected);
        }
    }

    private static void append(Session session, List<Integer> slots, LogitRows rows) {
        int[] ids = slots.stream().mapToInt(id -> id).toArray();
        AttentionMask mask = AttentionMask.of(Arrays.stream(ids).map(id -> id == PAD_ID ? 0 : 1).toArray());
        rows.addReal(session.append(new int[][] {ids}, mask), mask, 0);
    }

    /** A row of pads only beside a row of tokens, then a step the other way round. */
    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#covering")
    void fullyMaskedRow_isZeroAndDisturbsNobody(Subject subject) throws IOException {
        int[] ids = subject.tokenIds();
        try (Model model = subject.load();
                Session session = model.newSession(subject.session().withBatchSize(2))) {
            LogitRows expected = Paths.oneShot(model, subject.session(), ids);
            for (int row = 0; row < 2; row++) {
                int[][] bits = new int[2][ids.length];
                Arrays.fill(bits[row], 1);
                AttentionMask mask = AttentionMask.of(bits);
                Tensor logits = session.append(new int[][] {ids, ids}, mask);
                LogitRows actual = new LogitRows();
                actual.addReal(logits, mask, row);
                actual.requireSameBits("row " + row, expected);
                assertThat(logits.narrow(0, 1 - row, 2L - row).toFloatArray()).containsOnly(0);
            }
        }
    }
}
