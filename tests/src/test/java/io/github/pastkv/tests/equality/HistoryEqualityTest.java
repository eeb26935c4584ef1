package io.github.pastkv.tests.equality;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.model.LogitRows;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A logit does not depend on the cache's history: frozen runs, resets, truncations, other sessions. */
@Tag("kernels")
@Tag("slow")
class HistoryEqualityTest {
    private static final int NUM_REPEATS = 3;

    private static int[] head(int[] tokenIds) {
        return Arrays.copyOf(tokenIds, tokenIds.length / 2);
    }

    private static int[] tail(int[] tokenIds) {
        return Arrays.copyOfRange(tokenIds, tokenIds.length / 2, tokenIds.length);
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#covering")
    void frozenRuns_equalOneStep_asOftenAsTheyAreRepeated(Subject subject) throws IOException {
        int[] tokenIds = subject.tokenIds();
        int[] tail = tail(tokenIds);
        try (Model model = subject.load(); Session session = model.newSession(subject.session())) {
            LogitRows expected = Paths.oneShot(model, subject.session(), tokenIds)
                    .slice(tokenIds.length - tail.length, tokenIds.length);
            session.append(head(tokenIds));
            session.freeze();
            for (int repeat = 0; repeat < NUM_REPEATS; repeat++) {
                LogitRows.of(session.append(tail)).requireSameBits("frozen, repeat " + repeat, expected);
                session.append(head(tail));
            }
            session.unfreeze();
            LogitRows.of(session.append(tail)).requireSameBits("stored after frozen runs", expected);
        }
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#covering")
    void afterReset_andAfterTruncate_equalOneStep(Subject subject) throws IOException {
        int[] tokenIds = subject.tokenIds();
        try (Model model = subject.load(); Session session = model.newSession(subject.session())) {
            LogitRows expected = Paths.oneShot(model, subject.session(), tokenIds);
            session.append(tail(tokenIds));
            session.reset();
            LogitRows.of(session.append(tokenIds)).requireSameBits("after reset", expected);
            for (int kept = tokenIds.length - 1; kept >= 0; kept -= 5) {
                if (!session.canRewind(tokenIds.length - kept)) {
                    continue; // a window has let go of what is needed; ForkEqualityTest sees it refused
                }
                session.cache().truncate(kept);
                LogitRows.of(session.append(Arrays.copyOfRange(tokenIds, kept, tokenIds.length)))
                        .requireSameBits("truncated to " + kept, expected.slice(kept, tokenIds.length));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#covering")
    void cachePassedFromSessionToSession_equalsOneStep(Subject subject) throws IOException {
        int[] tokenIds = subject.tokenIds();
        try (Model model = subject.load()) {
            LogitRows expected = Paths.oneShot(model, subject.session(), tokenIds);
            KvCacheConfig config = KvCacheConfig.of(model.config().toKvShape(), 1).withKvType(subject.kvType())
                    .withMaxTokens(model.config().maxSeqLen());
            LogitRows actual = new LogitRows();
            try (KvCache cache = new KvCache(config)) {
                try (Session session = model.newSession(cache)) {
                    actual.add(session.append(head(tokenIds)));
                }
                try (Session session = model.newSession(cache)) {
                    actual.add(session.append(tail(tokenIds)));
                }
            }
            actual.requireSameBits("cache passed on", expected);
        }
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#covering")
    void selectedRows_goOnAsTheyWere(Subject subject) throws IOException {
        int[] tokenIds = subject.tokenIds();
        int[] tail = tail(tokenIds);
        int headLength = tokenIds.length - tail.length;
        try (Model model = subject.load(); Session session = model.newSession(subject.session())) {
            LogitRows expected =
                    Paths.oneShot(model, subject.session(), tokenIds).slice(headLength, tokenIds.length);
            session.append(head(tokenIds));
            session.cache().selectRows(0, 0, 0);
            LogitRows.of(session.append(new int[][] {tail, tail, tail}).narrow(0, 2, 3)
                    .reshape(tail.length, model.config().vocabSize())).requireSameBits("the last of three", expected);
        }
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#covering")
    void addedRows_beginAnew_andLeaveTheOthersAsTheyWere(Subject subject) throws IOException {
        int[] tokenIds = subject.tokenIds();
        int[] head = head(tokenIds);
        int[] tail = tail(tokenIds);
        try (Model model = subject.load(); Session session = model.newSession(subject.session())) {
            LogitRows expected = Paths.oneShot(model, subject.session(), tokenIds);
            session.append(head);
            session.cache().addRows(2);
            assertThat(session.numTokens(1)).isZero();
            AttentionMask mask = AttentionMask.ofLengths(tail.length, 0, tokenIds.length);
            int[][] rows = {Arrays.copyOf(tail, mask.numSlots()), new int[mask.numSlots()], tokenIds};
            Tensor logits = session.append(rows, mask);
            LogitRows.of(row(model, logits, 0, tail.length))
                    .requireSameBits("the row that was there", expected.slice(head.length, tokenIds.length));
            LogitRows.of(row(model, logits, 2, tokenIds.length)).requireSameBits("an added row", expected);
            assertThat(session.numTokens(1)).isZero();
            session.cache().checkIntegrity();
        }
    }

    private static Tensor row(Model model, Tensor logits, int row, int numTokens) {
        return logits.narrow(0, row, row + 1).reshape(logits.shape(1), model.config().vocabSize())
                .narrow(0, 0, numTokens);
    }
}
