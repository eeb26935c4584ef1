package io.github.pastkv.tests.equality;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.lens.Hook;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.hooks.HookFilter;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import io.github.pastkv.testkit.model.LogitRows;
import io.github.pastkv.testkit.model.PaddedBatch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Rows of a session that share spans of a prefix, and so are attended together, have the logits of rows alone: while
 * rows join, pause, leave, split and are rewound, with hooks that look and without.
 */
@Tag("slow")
class SharedRowsEqualityTest {
    /** A whole span and all but the end of a second one, which rows fill by themselves. */
    private static final int NUM_SHARED_TOKENS = 505;
    private static final int NUM_STEPS = 6;
    private static final int MAX_ROWS = 3;
    private static final Hook LOOK =
            Hook.observe(HookFilter.where(_ -> true), (activation, _) -> activation.toFloatArray());

    static Stream<Arguments> sessions() {
        return Stream.of(Arguments.of(KvType.BF16, new KvWindow(500, 4)), Arguments.of(KvType.Q8, KvWindow.NONE));
    }

    /** A session, what its rows hold, and the logits that they had for it. */
    private static final class Rows {
        private final Random random;
        private final Session session;
        private final Lens lens;
        private List<int[]> tokenIds = new ArrayList<>();
        private List<LogitRows> logits = new ArrayList<>();

        Rows(Random random, Session session) {
            this.random = random;
            this.session = session;
            this.lens = new Lens(session.model());
            int[] shared = random.ints(NUM_SHARED_TOKENS, 0, session.model().config().vocabSize()).toArray();
            tokenIds.add(shared);
            logits.add(LogitRows.of(session.append(shared)));
            select(0, 0, 0);
        }

        /** Keeps, drops, doubles and moves rows. */
        void select(int... rows) {
            session.cache().selectRows(rows);
            List<int[]> oldIds = tokenIds;
            List<LogitRows> oldLogits = logits;
            tokenIds = new ArrayList<>(Arrays.stream(rows).mapToObj(oldIds::get).toList());
            logits = new ArrayList<>(Arrays.stream(rows)
                    .mapToObj(row -> oldLogits.get(row).first(oldLogits.get(row).numTokens())).toList());
        }

        void selectAnyRows() {
            select(random.ints(1L + random.nextInt(MAX_ROWS), 0, tokenIds.size()).toArray());
        }

        void rewind(int numTokens) {
            if (session.canRewind(numTokens)) {
                session.rewind(numTokens);
                tokenIds.replaceAll(ids -> Arrays.copyOf(ids, ids.length - numTokens));
                logits.replaceAll(rows -> rows.first(rows.numTokens() - numTokens));
            }
        }

        /** A step of {@code [minTokens, maxTokens)} tokens for each row, and at least one for the first. */
        void append(int minTokens, int maxTokens, boolean hooked) {
            int[][] rows = IntStream.range(0, tokenIds.size())
                    .mapToObj(row -> random.nextInt(row == 0 ? 1 : minTokens, maxTokens))
                    .map(count -> random.ints(count, 0, session.model().config().vocabSize()).toArray())
                    .toArray(int[][]::new);
            PaddedBatch step = PaddedBatch.right(rows);
            Tensor out = hooked
                    ? lens.run(session, StepInput.tokens(step.tokenIds(), step.mask()), LOOK).logits()
                    : session.append(step.tokenIds(), step.mask());
            for (int row = 0; row < rows.length; row++) {
                int numBefore = tokenIds.get(row).length;
                tokenIds.set(row, Arrays.copyOf(tokenIds.get(row), numBefore + rows[row].length));
                System.arraycopy(rows[row], 0, tokenIds.get(row), numBefore, rows[row].length);
                logits.get(row).addReal(out, step.mask(), row);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("sessions")
    void rowsThatJoinLeaveAndRewind_equalRowsAlone(KvType kvType, KvWindow window) throws IOException {
        SessionOptions options =
                SessionOptions.defaults().withKvType(kvType).withWindow(window).withMaxRewindTokens(4);
        Subject subject = new Subject(TestModel.tiny(), KernelsUnderTest.fastest(), kvType);
        try (Model model = subject.load(); Session session = model.newSession(options)) {
            Random random = new Random(kvType.toString().hashCode());
            Rows rows = new Rows(random, session);
            rows.append(8, 20, false); // prompts behind the prefix, up to the span's end and beyond
            for (int step = 0; step < NUM_STEPS; step++) {
                rows.append(0, 4, step % 3 == 1);
                if (step % 3 == 0) {
                    rows.rewind(1);
                } else if (step % 3 == 2) {
                    rows.selectAnyRows();
                }
            }
            for (int row = 0; row < rows.tokenIds.size(); row++) {
                rows.logits.get(row).requireSameBits("row " + row,
                        Paths.oneShot(model, options.withPrefixReuse(false), rows.tokenIds.get(row)));
            }
            session.cache().checkIntegrity();
        }
    }
}
