package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.GoldenModel;
import io.github.pastkv.testkit.model.LogitRows;
import java.io.IOException;
import java.util.Arrays;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A step that fails changes nothing: what follows has the bits that it would have had without it. */
class SessionAtomicityTest {
    private static final GoldenModel LLAMA = GoldenModel.of("llama");
    private static final int NUM_STORED = 18;

    private final int[] tokenIds = LLAMA.tokens();
    private final FailingKernels kernels = new FailingKernels(KernelsChoice.choose(null).kernels());
    @AutoClose private Model model;
    private LogitRows expected;
    private long blockBytes;

    @BeforeEach
    void load() throws IOException {
        model = Model.load(LLAMA.folder(), ModelOptions.defaults(), new KernelsChoice(kernels, "fail on demand"));
        try (Session session = model.newSession()) {
            session.append(tokenIds[0]);
            blockBytes = session.cache().cacheBytes();
            session.reset();
            expected = LogitRows.of(session.append(tokenIds));
        }
    }

    /** Runs a failing call on a session that holds a part of the prompt, then the rest of the prompt. */
    private void requireUnchangedBy(SessionOptions options, FailingCall call) {
        try (Session session = model.newSession(options)) {
            session.append(Arrays.copyOf(tokenIds, NUM_STORED));
            long bytes = session.cache().cacheBytes();
            call.run(session, () -> requireAsBefore(session, bytes));
            LogitRows rest = LogitRows.of(session.append(Arrays.copyOfRange(tokenIds, NUM_STORED, tokenIds.length)));
            rest.requireSameBits("after the failure", expected.slice(NUM_STORED, tokenIds.length));
        }
    }

    /** A call that fails on a session; {@code check} is to be run after each failure. */
    private interface FailingCall {
        void run(Session session, Runnable check);
    }

    private static void requireAsBefore(Session session, long bytes) {
        assertThat(session.size()).isEqualTo(NUM_STORED);
        assertThat(session.numTokens(0)).isEqualTo(NUM_STORED);
        assertThat(session.cache().previousAttentionMask()).isEqualTo(AttentionMask.ones(1, NUM_STORED));
        assertThat(session.cache().cacheBytes()).isEqualTo(bytes);
        session.cache().checkIntegrity();
    }

    @Test
    void poolThatIsFull() {
        SessionOptions twoBlocks = SessionOptions.defaults().withMaxPoolBytes(2 * blockBytes);
        requireUnchangedBy(twoBlocks, (session, check) -> {
            assertThatExceptionOfType(PoolExhaustedException.class).isThrownBy(() -> session.append(new int[15]))
                    .withMessageContainingAll("1 blocks requested", "0 free", "limit " + 2 * blockBytes);
            check.run();
        });
    }

    /** A block that was lost would be missed here, as the pool has none to spare. */
    @Test
    void tightPool_isNotUsedUpByFailuresFrozenRunsAndTruncations() {
        SessionOptions threeBlocks = SessionOptions.defaults().withMaxPoolBytes(3 * blockBytes);
        requireUnchangedBy(threeBlocks, (session, check) -> {
            for (int round = 0; round < 10; round++) {
                session.freeze();
                session.append(new int[10]);
                session.unfreeze();
                kernels.failAfter(3);
                assertThatExceptionOfType(ArithmeticException.class).isThrownBy(() -> session.append(new int[20]));
                kernels.failAfter(Integer.MAX_VALUE);
                session.append(new int[30]);
                assertThatExceptionOfType(PoolExhaustedException.class).isThrownBy(() -> session.append(1));
                session.cache().truncate(NUM_STORED);
                check.run();
            }
        });
    }

    /** Chunks of 4 tokens; the kernels fail in the middle of the pass that computes the fifth of them. */
    @Test
    void prefillThatFails_keepsWhatItComputedInTheIndex() throws IOException {
        FailingKernels failing = new FailingKernels(KernelsChoice.choose(null).kernels());
        try (Model chunked = Model.load(LLAMA.folder(), ModelOptions.defaults().withNumThreads(1).withMaxBatchTokens(4),
                new KernelsChoice(failing, "fail on demand"))) {
            SessionOptions options = SessionOptions.defaults().withBlockSize(4);
            int numCalls = numLinearCalls(chunked, failing, 8) - numLinearCalls(chunked, failing, 4); // without logits
            try (Session session = chunked.newSession(options.withPrefixSalt("a"))) {
                failing.failAfter(4 * numCalls + numCalls / 2);
                assertThatExceptionOfType(ArithmeticException.class).isThrownBy(() -> session.prefill(tokenIds));
                failing.failAfter(Integer.MAX_VALUE);
                assertThat(session.size()).isZero();
                assertThat(session.cache().cacheBytes()).isZero();
                float[] last = session.prefill(tokenIds).toFloatArray();
                assertThat(session.numReusedTokens()).isEqualTo(16);
                LogitRows row = LogitRows.of(Tensor.of(last, 1, last.length));
                row.requireSameBits("after the failure", expected.slice(tokenIds.length - 1, tokenIds.length));
                session.cache().checkIntegrity();
            }
        }
    }

    /** Calls of the kernels in a prefill of so many tokens. */
    private int numLinearCalls(Model model, FailingKernels failing, int numTokens) {
        try (Session session = model.newSession(SessionOptions.defaults().withPrefixReuse(false))) {
            failing.failAfter(Integer.MAX_VALUE);
            session.prefill(Arrays.copyOf(tokenIds, numTokens));
            return Integer.MAX_VALUE - failing.numCallsLeft();
        }
    }

    @Test
    void tokensBeyondTheLimit() {
        requireUnchangedBy(SessionOptions.defaults().withMaxSeqLen(40), (session, check) -> {
            assertThatIllegalArgumentException().isThrownBy(() -> session.append(new int[23]))
                    .withMessageContainingAll("41", "40");
            check.run();
            assertThatIllegalArgumentException().isThrownBy(() -> generate(session, new int[23]))
                    .withMessageContainingAll("41", "40");
            check.run();
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 109, Integer.MIN_VALUE, Integer.MAX_VALUE})
    void tokenIdOutsideTheVocabulary(int badId) {
        requireUnchangedBy(SessionOptions.defaults(), (session, check) -> {
            requireRefusedId(badId, () -> session.append(3, 7, badId));
            check.run();
            requireRefusedId(badId, () -> generate(session, 3, 7, badId));
            check.run();
        });
    }

    private static void requireRefusedId(int badId, ThrowingCallable call) {
        assertThatIllegalArgumentException().isThrownBy(call)
                .withMessageContainingAll("tokenIds", String.valueOf(badId), "[0, 2]", "109");
    }

    @Test
    void matricesOfTheWrongShape() {
        requireUnchangedBy(SessionOptions.defaults(), (session, check) -> {
            assertThatIllegalArgumentException().isThrownBy(() -> session.append(new int[2][3]))
                    .withMessageContainingAll("2 rows", "batch of 1");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> session.append(new int[1][3], AttentionMask.ones(2, 3)))
                    .withMessageContainingAll("2 rows", "batch of 1");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> session.append(new int[1][3], AttentionMask.ones(1, 4)))
                    .withMessageContainingAll("3 slots", "the mask has 4");
            assertThatIllegalArgumentException().isThrownBy(() -> generate(session)).withMessageContaining("row 0");
            check.run();
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5, 12, 16})
    void kernelThatFails(int numCalls) throws IOException {
        model.close();
        model = Model.load(LLAMA.folder(), ModelOptions.defaults().withNumThreads(1),
                new KernelsChoice(kernels, "fail on demand"));
        requireUnchangedBy(SessionOptions.defaults(), (session, check) -> {
            kernels.failAfter(numCalls);
            assertThatExceptionOfType(ArithmeticException.class).isThrownBy(() -> session.append(3, 7, 5))
                    .withMessage("told to fail");
            check.run();
            kernels.failAfter(Integer.MAX_VALUE);
        });
    }

    @Test
    void logitsThatNoArrayHolds() {
        int numSlots = Integer.MAX_VALUE / model.config().vocabSize() + 1;
        int[][] mask = new int[1][numSlots];
        mask[0][0] = 1;
        requireUnchangedBy(SessionOptions.defaults(), (session, check) -> {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> session.append(new int[1][numSlots], AttentionMask.of(mask)))
                    .withMessageContainingAll(String.valueOf(numSlots), "109");
            check.run();
        });
    }

    private static void generate(Session session, int... prompt) {
        session.generate(new int[][] {prompt}, GenerationOptions.greedy(1), GenerationListener.NONE);
    }
}
