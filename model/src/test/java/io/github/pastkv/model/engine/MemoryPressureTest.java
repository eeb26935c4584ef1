package io.github.pastkv.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.PastTensor;
import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.BeamOptions;
import io.github.pastkv.model.generation.Cancellation;
import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.model.hooks.Probe;
import io.github.pastkv.model.hooks.StepSlots;
import io.github.pastkv.model.sampling.SamplingOptions;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.GoldenModel;
import io.github.pastkv.testkit.model.TinyModelFolder;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Sessions of one pool of which each fits alone and no two together: what holds memory without using it gives it to
 * others, and goes on later with the bits that it has alone. None of it depends on which thread is faster.
 */
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class MemoryPressureTest {
    private static final GoldenModel LLAMA = GoldenModel.of("llama");
    private static final int BLOCK_SIZE = 4;
    private static final int NUM_TOKENS = 40;
    private static final GenerationOptions TEN = GenerationOptions.greedy(10);

    /** Wants nothing; under a probe all tokens are unknown. */
    private static final Probe NOTHING = new Probe() {
        @Override
        public boolean wants(HookPoint point, int layer) {
            return false;
        }

        @Override
        public boolean edits(HookPoint point, int layer) {
            return false;
        }

        @Override
        public boolean edits() {
            return false;
        }

        @Override
        public @Nullable Tensor visit(HookName name, Tensor activation, StepSlots slots) {
            return null;
        }
    };

    @AutoClose private Model model = load(LLAMA);

    private static Model load(GoldenModel golden) {
        try {
            return Model.load(golden.folder(), ModelOptions.defaults().withNumThreads(1));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** A prompt that shares no first token with those of other seeds. */
    private int[] prompt(int seed, int numTokens) {
        Random random = new Random(seed);
        int[] ids = IntStream.generate(() -> random.nextInt(model.config().vocabSize())).limit(numTokens).toArray();
        ids[0] = seed;
        return ids;
    }

    private SessionOptions tight(int numTokens) {
        SessionOptions options = SessionOptions.defaults().withBlockSize(BLOCK_SIZE);
        try (Session session = model.newSession(options.withPrefixReuse(false))) {
            session.append(1);
            long blockBytes = session.cache().cacheBytes();
            return options.withMaxPoolBytes(blockBytes * Math.ceilDiv(numTokens, BLOCK_SIZE));
        }
    }

    private <T> T alone(Function<Session, T> calls) {
        try (Session session = model.newSession(SessionOptions.defaults().withPrefixReuse(false))) {
            return calls.apply(session);
        }
    }

    private static List<Integer> generate(Session session, int[] prompt) {
        return generate(session, prompt, TEN, GenerationListener.NONE).tokenIds();
    }

    private static GeneratedRow generate(Session session, int[] prompt, GenerationOptions options,
            GenerationListener listener) {
        return session.generate(new int[][] {prompt}, options, listener).rows().getFirst();
    }

    private static GenerationListener onToken(Runnable action) {
        return new GenerationListener() {
            @Override
            public boolean onToken(int row, int tokenId) {
                action.run();
                return true;
            }
        };
    }

    /** As between the end of a generation and the close of its session. */
    @Test
    void sessionAtRest_givesItsMemory_andGoesOnWithItsBits() {
        List<List<Integer>> first = alone(session -> List.of(generate(session, prompt(1, 12)),
                generate(session, prompt(2, 5))));
        List<List<Integer>> second = alone(session -> List.of(generate(session, prompt(3, 20)),
                generate(session, prompt(4, 2))));
        SessionOptions tight = tight(NUM_TOKENS);
        try (Session one = model.newSession(tight); Session two = model.newSession(tight)) {
            assertThat(generate(one, prompt(1, 12))).isEqualTo(first.get(0));
            assertThat(generate(two, prompt(3, 20))).isEqualTo(second.get(0));
            assertThat(one.size()).isEqualTo(21);
            assertThat(generate(one, prompt(2, 5))).isEqualTo(first.get(1));
            assertThat(generate(two, prompt(4, 2))).isEqualTo(second.get(1));
            assertThat(model.engineStats().numPreemptions()).isEqualTo(3);
            one.cache().checkIntegrity();
        }
    }

    /** Calls without a generation: all of them work on released memory, or bring it back. */
    @Test
    void everyCall_worksOnASessionWhoseMemoryWasTaken() {
        SessionOptions tight = tight(NUM_TOKENS);
        float[] expected = alone(session -> {
            session.append(prompt(1, 30));
            session.rewind(7);
            return session.prefill(5).toFloatArray();
        });
        try (Session one = model.newSession(tight); Session two = model.newSession(tight)) {
            one.append(prompt(1, 30));
            take(two);
            one.rewind(7);
            assertThat(one.numTokens(0)).isEqualTo(23);
            assertThat(one.prefill(5).toFloatArray()).isEqualTo(expected);

            take(two);
            try (Session fork = one.fork()) {
                fork.rewind(1);
                assertThat(fork.prefill(5).toFloatArray()).isEqualTo(expected);
            }
            take(two);
            one.rewind(1);
            one.freeze();
            assertThat(one.prefill(5).toFloatArray()).isEqualTo(expected);
            one.unfreeze();

            take(two);
            one.graft(one, 0, 3);
            assertThat(one.numTokens(0)).isEqualTo(26);
            one.reset();
            one.append(prompt(1, 30));
            take(two);
            one.reset();
            assertThat(one.append(prompt(1, 30)).shape(0)).isEqualTo(30);
            assertThat(model.engineStats().numPreemptions()).isEqualTo(9);
        }
    }

    private void take(Session session) {
        session.reset();
        session.append(prompt(9, 36));
    }

    private static float[] keys(Session session) {
        try (PastTensor keys = session.cache().entry(0).pastKeys()) {
            return keys.toFloatArray();
        }
    }

    /** Its owner may read it at any time, so its memory stays; then only what is left can be used. */
    @Test
    void cacheThatWasHandedOut_orFrozen_keepsItsMemory() {
        SessionOptions tight = tight(NUM_TOKENS);
        try (Session one = model.newSession(tight); Session two = model.newSession(tight)) {
            float[] logits = one.append(prompt(1, 20)).toFloatArray();
            take(two);
            float[] keys = keys(one); // brought back
            two.reset();
            assertThatThrownBy(() -> two.append(prompt(9, 36))).isInstanceOf(PoolExhaustedException.class);
            assertThat(keys(one)).isEqualTo(keys);
            one.reset();
            two.append(prompt(9, 36));
            two.freeze();
            assertThatThrownBy(() -> one.append(prompt(1, 20))).isInstanceOf(PoolExhaustedException.class);
            two.unfreeze();
            assertThat(one.append(prompt(1, 20)).toFloatArray()).isEqualTo(logits);
        }
    }

    /** The outer generation cannot end before the inner one, though it came first. */
    @Test
    void listenerThatGeneratesOnAnotherSession_waitsForNobody() {
        List<Integer> outer = alone(session -> generate(session, prompt(1, 25)));
        List<Integer> inner = alone(session -> generate(session, prompt(2, 25)));
        SessionOptions tight = tight(NUM_TOKENS);
        try (Session one = model.newSession(tight); Session two = model.newSession(tight)) {
            assertThat(generate(one, prompt(1, 25), TEN, onToken(() -> {
                if (two.size() == 0) {
                    assertThat(generate(two, prompt(2, 25))).isEqualTo(inner);
                }
            })).tokenIds()).isEqualTo(outer);
        }
    }

    /** Of higher priority, too: a listener that blocks gives its memory after a moment. */
    @ParameterizedTest
    @ValueSource(ints = {0, 5})
    void generationWhoseListenerBlocks_stopsNobody(int priority) throws Exception {
        List<Integer> expected = alone(session -> generate(session, prompt(1, 25)));
        List<Integer> expectedOther = alone(session -> generate(session, prompt(2, 25)));
        SessionOptions tight = tight(NUM_TOKENS);
        CountDownLatch blocked = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        try (ExecutorService other = Executors.newSingleThreadExecutor();
                Session one = model.newSession(tight); Session two = model.newSession(tight)) {
            Future<List<Integer>> blocking = other.submit(
                    () -> generate(one, prompt(1, 25), TEN.withPriority(priority), onToken(() -> {
                        blocked.countDown();
                        await(goOn);
                    })).tokenIds());
            blocked.await();
            assertThat(generate(two, prompt(2, 25))).isEqualTo(expectedOther);
            goOn.countDown();
            assertThat(blocking.get()).isEqualTo(expected);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** A generation under a probe has tokens of which nothing is known, so that they cannot be recomputed. */
    @Test
    void waitForWhatCannotBePreempted_endsWithIt_orIsCanceled() throws Exception {
        List<Integer> expected = alone(session -> generate(session, prompt(2, 25)));
        SessionOptions tight = tight(NUM_TOKENS);
        CountDownLatch blocked = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        Cancellation cancellation = new Cancellation();
        try (ExecutorService others = Executors.newFixedThreadPool(3); Session two = model.newSession(tight);
                Session three = model.newSession(tight)) {
            Future<?> blocking = others.submit(() -> {
                try (Session one = model.newSession(tight); Session.Scope _ = one.withProbe(NOTHING)) {
                    generate(one, prompt(1, 25), TEN, onToken(() -> {
                        blocked.countDown();
                        await(goOn);
                    }));
                }
            });
            blocked.await();
            Future<List<Integer>> waiting = others.submit(() -> generate(two, prompt(2, 25)));
            Future<GeneratedRow> canceled = others.submit(() -> generate(three, prompt(3, 25),
                    TEN.withCancellation(cancellation), GenerationListener.NONE));
            while (model.engineStats().numWaiting() < 2) {
                Thread.onSpinWait();
            }
            cancellation.cancel();
            assertThat(canceled.get().reason()).isEqualTo(FinishReason.CANCELED);
            goOn.countDown();
            blocking.get();
            assertThat(waiting.get()).isEqualTo(expected);
        }
    }

    /** Rows, several answers to each prompt, drafts, draws, windows and beams; shared blocks are shared again. */
    @ParameterizedTest
    @ValueSource(strings = {"llama", "gpt2", "mistral", "gemma2"})
    void batchesAndBeams_equalEachAlone(String name) {
        model.close();
        model = load(GoldenModel.of(name));
        GenerationOptions options = TEN.withSampling(SamplingOptions.GREEDY.withTemperature(1.1).withSeed(3))
                .withNumReturnSequences(2).withMaxDraftTokens(3);
        int[][] prompts = {prompt(1, 9), prompt(2, 4)};
        try (Session alone = model.newSession(SessionOptions.defaults().withBatchSize(2).withPrefixReuse(false));
                Session one = model.newSession(tight(120).withBatchSize(2));
                Session two = model.newSession(tight(120).withBatchSize(2))) {
            List<List<Integer>> expected = answers(alone, prompts, options);
            int[][] next = {prompt(5, 2), prompt(6, 2), prompt(7, 2), prompt(8, 2)};
            assertThat(answers(one, prompts, options)).isEqualTo(expected);
            assertThat(answers(two, prompts, options)).isEqualTo(expected);
            assertThat(one.beamSearch(next, BeamOptions.of(2, 4))).isEqualTo(alone.beamSearch(next,
                    BeamOptions.of(2, 4)));
            expected = answers(alone, next, TEN);
            assertThat(answers(two, next, TEN)).isEqualTo(expected);
            assertThat(answers(one, next, TEN)).isEqualTo(expected);
            assertThat(model.engineStats().numPreemptions()).isPositive();
            one.cache().checkIntegrity();
        }
    }

    private static List<List<Integer>> answers(Session session, int[][] prompts, GenerationOptions options) {
        return session.generate(prompts, options, GenerationListener.NONE).rows().stream().map(GeneratedRow::tokenIds)
                .toList();
    }

    @Test
    void whatDoesNotFitAlone_fails() {
        try (Session one = model.newSession(tight(NUM_TOKENS)); Session two = model.newSession(tight(NUM_TOKENS))) {
            one.append(prompt(1, 20));
            assertThatThrownBy(() -> two.append(prompt(2, 41))).isInstanceOf(PoolExhaustedException.class);
            assertThatIllegalArgumentException().isThrownBy(() -> two.append(-1));
            assertThat(Arrays.asList(one.size(), two.size())).containsExactly(20, 0);
        }
    }

    @Test
    void streamClosedWhileItsMemoryIsTaken_isThereAgainForWhoeverReadsTheCache() throws IOException {
        try (Model tiny = Model.load(TinyModelFolder.require()); Session sizing = tiny.newSession()) {
            sizing.append(1);
            SessionOptions options = SessionOptions.defaults()
                    .withMaxPoolBytes(sizing.cache().cacheBytes() * 5 / 2);
            try (Session streamed = tiny.newSession(options); Session other = tiny.newSession(options)) {
                KvCache cache = streamed.cache();
                try (Stream<String> pieces = streamed.stream("Once upon a time", GenerationOptions.greedy(12))) {
                    assertThat(pieces.iterator().next()).isNotEmpty();
                    other.append(IntStream.range(1, 2 * options.blockSize()).toArray());
                    assertThat(cache.isReleased()).isTrue();
                    other.reset();
                }
                assertThat(cache.entry(0).pastKeys().toFloatArray()).isNotEmpty();
            }
        }
    }
}
