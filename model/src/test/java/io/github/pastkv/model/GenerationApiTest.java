package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.within;

import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.generation.TokenLogProbability;
import io.github.pastkv.model.sampling.SamplingOptions;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.model.TinyModelFolder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The calls that a first program makes: text in, text out, with the model's own defaults. */
class GenerationApiTest {
    private static final String PROMPT = "Once upon a time";
    private static final GenerationOptions TWELVE = GenerationOptions.greedy(12);

    @AutoClose private Model model;
    @AutoClose private Session session;

    @BeforeEach
    void load() throws IOException {
        model = Model.load(TinyModelFolder.require());
        session = model.newSession();
    }

    private String textAlone(GenerationOptions options) {
        try (Session alone = model.newSession()) {
            return alone.generate(PROMPT, options).rows().getFirst().text();
        }
    }

    @Test
    void promptAlone_endsByTheModelsOwnEndOrAFullContext() {
        Generation generation = session.generate(PROMPT);
        GeneratedRow row = generation.rows().getFirst();
        assertThat(generation.text()).isEqualTo(row.text());
        assertThat(generation.reason()).isEqualTo(row.reason());
        assertThat(row.reason()).isIn(FinishReason.STOP_TOKEN, FinishReason.CONTEXT_FULL);
        assertThat(row.text()).isNotEmpty();
    }

    @Test
    void streamOfAPromptAlone_takesTheModelsOwnOptions() {
        String text = session.generate(PROMPT).text();
        session.reset();
        try (Stream<String> pieces = session.stream(PROMPT)) {
            assertThat(String.join("", pieces.toList())).isEqualTo(text);
        }
    }

    @Test
    void promptOfNull_isRefusedByName_andNothingChanges() {
        assertThatNullPointerException().isThrownBy(() -> session.generate((String) null)).withMessage("text: null");
        assertThatNullPointerException().isThrownBy(() -> session.append((String) null)).withMessage("text: null");
        assertThat(session.size()).isZero();
    }

    @Test
    void textOfSeveralAnswers_isAskedForByRow() {
        Generation two = session.generate(PROMPT, TWELVE.withNumReturnSequences(2));
        assertThatIllegalStateException().isThrownBy(two::text).withMessage("rows: 2, read each with rows()");
    }

    @Test
    void lambdaAndStream_giveTheText() {
        StringBuilder heard = new StringBuilder();
        Generation generation = session.generate(PROMPT, TWELVE, heard::append);
        assertThat(heard.toString()).isEqualTo(generation.rows().getFirst().text()).isEqualTo(textAlone(TWELVE));
        session.reset();
        try (Stream<String> pieces = session.stream(PROMPT, TWELVE)) {
            assertThat(String.join("", pieces.toList())).isEqualTo(heard.toString());
        }
    }

    @Test
    void openStream_holdsTheSession_untilItIsClosed() {
        try (Stream<String> pieces = session.stream(PROMPT, TWELVE)) {
            Iterator<String> iterator = pieces.iterator();
            assertThat(textAlone(TWELVE)).startsWith(iterator.next());
            assertThatIllegalStateException().isThrownBy(() -> session.append(3)).withMessageContaining("stream");
        }
        assertThat(session.size()).isBetween(1, 16);
        session.reset();
        session.freeze();
        try (Stream<String> pieces = session.stream(PROMPT, TWELVE)) {
            assertThat(String.join("", pieces.toList())).isEqualTo(textAlone(TWELVE));
        }
        assertThat(session.size()).isZero();
    }

    @Test
    void streamThatIsNotClosed_isNamed_andEndsWithItsSession() throws InterruptedException {
        Iterator<String> iterator = session.stream(PROMPT, TWELVE).iterator();
        assertThat(iterator.next()).isNotEmpty();
        assertThatIllegalStateException().isThrownBy(() -> session.append(3)).withMessage("this session is in use by"
                + " this thread, which has an open stream of it: read the stream to its end or close it first");
        AtomicReference<Throwable> elsewhere = new AtomicReference<>();
        Thread other = Thread.ofPlatform().start(() -> elsewhere.set(catchThrowable(() -> session.append(3))));
        other.join();
        assertThat(elsewhere.get()).hasMessageContaining("thread " + Thread.currentThread().getName() + ", which has");
        session.close();
        assertThatIllegalStateException().isThrownBy(iterator::next).withMessage("the session is closed");
        session.close();
        session = model.newSession();
        assertThat(session.cache().pool().heldBytes()).isZero();
    }

    @Test
    void sessionThatIsClosedWhileItsStreamIsRead_endsIt() {
        assertThatIllegalStateException()
                .isThrownBy(() -> session.stream(PROMPT, TWELVE).forEach(_ -> session.close()))
                .withMessage("the session is closed");
        assertThat(session).hasToString("Session[closed]");
    }

    @Test
    void endOfTextTokens_endByDefault() {
        List<Integer> tokens = session.generate(PROMPT, TWELVE.ignoringEos()).rows().getFirst().tokenIds();
        assertThat(model.generationConfig().eosIds()).isNotEmpty();
        int eos = model.generationConfig().eosIds().getFirst();
        // The best token is ruled out everywhere but at the third place, where the end is forced.
        GenerationOptions ends = TWELVE.withSampling(SamplingOptions.GREEDY.withForcedTokens(java.util.Map.of(2, eos)));
        session.reset();
        GeneratedRow row = session.generate(PROMPT, ends).rows().getFirst();
        assertThat(row.reason()).isEqualTo(FinishReason.STOP_TOKEN);
        assertThat(row.tokenIds()).isEqualTo(tokens.subList(0, 2));
        session.reset();
        GeneratedRow on = session.generate(PROMPT, ends.ignoringEos()).rows().getFirst();
        assertThat(on.reason()).isEqualTo(FinishReason.LENGTH);
        assertThat(on.tokenIds().get(2)).isEqualTo(eos);
    }

    @Test
    void logProbabilities_areThoseOfTheModelsLogits() {
        GenerationOptions options = TWELVE.withNumLogProbabilities(3)
                .withSampling(SamplingOptions.GREEDY.withTemperature(1.7).withTopK(50).withSeed(4))
                .withMaxDraftTokens(4);
        int[] prompt = session.encode(PROMPT);
        GeneratedRow row = session.generate(PROMPT, options).rows().getFirst();
        int[] all = Arrays.copyOf(prompt, prompt.length + row.tokenIds().size());
        for (int i = 0; i < row.tokenIds().size(); i++) {
            all[prompt.length + i] = row.tokenIds().get(i);
        }
        session.reset();
        Tensor logits = session.append(all);
        assertThat(row.logProbabilities()).hasSameSizeAs(row.tokenIds());
        for (int i = 0; i < row.tokenIds().size(); i++) {
            TokenLogProbability given = row.logProbabilities().get(i);
            double[] expected = logSoftmax(logits, prompt.length + i - 1);
            assertThat(given.tokenId()).isEqualTo(row.tokenIds().get(i));
            assertThat(given.logProbability()).isCloseTo(expected[given.tokenId()], within(1e-9));
            assertThat(given.best()).hasSize(3);
            double[] sorted = Arrays.stream(expected).sorted().toArray();
            for (int rank = 0; rank < 3; rank++) {
                assertThat(given.best().get(rank).logProbability())
                        .isCloseTo(sorted[sorted.length - 1 - rank], within(1e-9));
            }
        }
        assertThat(session.generate(PROMPT, TWELVE).rows().getFirst().logProbabilities()).isEmpty();
    }

    private static double[] logSoftmax(Tensor logits, int row) {
        double[] values = new double[(int) logits.shape(1)];
        double sum = 0;
        for (int id = 0; id < values.length; id++) {
            values[id] = logits.get(row, id);
            sum += Math.exp(values[id]);
        }
        double logSum = Math.log(sum);
        return Arrays.stream(values).map(value -> value - logSum).toArray();
    }

    /** As Hugging Face, which is always given the whole text. */
    @Test
    void penaltiesSeeTheSessionsPast() {
        for (boolean shares : new boolean[] {true, false}) {
            GenerationOptions penalized = TWELVE.withSampling(SamplingOptions.GREEDY.withRepetitionPenalty(1.9)
                    .withNoRepeatNgramSize(3));
            int[] text = session.encode("Lily saw a big dog and a big cat. Lily and the dog");
            List<List<Integer>> results = new ArrayList<>();
            for (int cut = 0; cut < text.length; cut += 3) {
                try (Session parts = model.newSession(SessionOptions.defaults().withPrefixReuse(shares))) {
                    parts.append(Arrays.copyOf(text, cut));
                    results.add(parts.generate(new int[][] {Arrays.copyOfRange(text, cut, text.length)}, penalized,
                            GenerationListener.NONE).rows().getFirst().tokenIds());
                }
            }
            assertThat(Set.copyOf(results)).hasSize(1);
        }
    }

    @Test
    void cacheUnderAStream_canBeRead_andNotChanged() {
        String expected = session.generate(PROMPT, TWELVE).text();
        session.reset();
        try (Stream<String> pieces = session.stream(PROMPT, TWELVE)) {
            Iterator<String> iterator = pieces.iterator();
            StringBuilder text = new StringBuilder(iterator.next());
            assertThat(session.cache().numTokens(0)).isPositive();
            assertThatIllegalStateException().isThrownBy(() -> session.cache().rewind(1))
                    .withMessageContaining("in use by a generation");
            iterator.forEachRemaining(text::append);
            assertThat(text).hasToString(expected);
        }
        session.cache().rewind(1);
        session.stream(PROMPT, TWELVE).close();
        session.cache().reset();
    }

    @Test
    void streamOfNothingOnAFrozenSession_isRefused_andItsForkIsClosed() {
        session.append(1, 2);
        session.freeze();
        assertThatIllegalArgumentException().isThrownBy(() -> session.stream("", TWELVE));
        session.close();
        session = model.newSession();
        assertThat(session.cache().pool().heldBytes()).isZero();
    }

    @Test
    void nullArguments_areRefusedByName_beforeAnythingHasChanged() {
        assertThatNullPointerException().isThrownBy(() -> session.generate(PROMPT, (GenerationOptions) null))
                .withMessage("options: null");
        assertThatNullPointerException()
                .isThrownBy(() -> session.generate(PROMPT, TWELVE, (GenerationListener) null))
                .withMessage("listener: null");
        assertThatNullPointerException().isThrownBy(() -> GenerationOptions.of(null)).withMessage("config: null");
        assertThat(session.size()).isZero();
    }

    @Test
    void sessionsAndModels_sayWhatTheyAre() {
        session.append(3, 4);
        assertThat(session).hasToString("Session[1 rows, 2 of " + session.maxSeqLen() + " slots]");
        session.close();
        assertThat(session).hasToString("Session[closed]");
        assertThatIllegalStateException().isThrownBy(session::frozen).withMessage("the session is closed");
        assertThat(model.toString()).contains(String.valueOf(model.config().numLayers()) + " layers");
    }
}
