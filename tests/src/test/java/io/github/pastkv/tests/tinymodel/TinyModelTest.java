package io.github.pastkv.tests.tinymodel;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.Closeness;
import io.github.pastkv.testkit.model.TinyModelFolder;
import io.github.pastkv.tinymodel.TinyModel;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Abilities of the shipped model, measured on held-out text, and its golden continuations. */
class TinyModelTest {
    private static final int PROMPTS_PER_HALF = 100;
    private static final double LEAST_SHARE_RIGHT = 0.95;
    private static final double GREATEST_LOSS_RATIO = 0.5;

    private static Model model;

    @BeforeAll
    static void load() throws IOException {
        model = Model.load(TinyModelFolder.require());
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static JsonNode heldOut(String fileName) throws IOException {
        try (InputStream stream = TinyModel.class.getResourceAsStream("heldout/" + fileName)) {
            return JsonMapper.shared().readTree(stream);
        }
    }

    private static int[] ints(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).mapToInt(JsonNode::asInt).toArray();
    }

    /** The logits of every token, {@code [T, V]}. */
    private static Tensor logits(int[] tokenIds) {
        try (Session session = model.newSession()) {
            return session.append(tokenIds);
        }
    }

    /** In "When Mary and John went to the store, John gave a drink to", Mary is likelier than John. */
    @ParameterizedTest(name = "the repeated name comes first: {0}")
    @ValueSource(booleans = {true, false})
    void indirectObject_isTheNameThatCameOnce(boolean repeatedFirst) throws IOException {
        int numPrompts = 0;
        List<String> wrong = new ArrayList<>();
        for (JsonNode prompt : heldOut("ioi.json").required("prompts")) {
            if (prompt.required("repeated_first").asBoolean() == repeatedFirst) {
                numPrompts++;
                if (!prefersAnswer(prompt)) {
                    wrong.add(prompt.required("text").asString());
                }
            }
        }
        assertThat(numPrompts).isEqualTo(PROMPTS_PER_HALF);
        assertThat(wrong).hasSizeLessThanOrEqualTo((int) Math.round((1 - LEAST_SHARE_RIGHT) * PROMPTS_PER_HALF));
    }

    private static boolean prefersAnswer(JsonNode prompt) {
        int[] tokenIds = ints(prompt.required("tokens"));
        Tensor logits = logits(tokenIds);
        return logits.get(tokenIds.length - 1, prompt.required("answer").asInt()) > logits.get(tokenIds.length - 1,
                prompt.required("wrong").asInt());
    }

    @Test
    void indirectObjectPrompts_areWhatTheTokenizerMakesOfTheirTexts() throws IOException {
        try (Session session = model.newSession()) {
            for (JsonNode prompt : heldOut("ioi.json").required("prompts")) {
                assertThat(session.encode(prompt.required("text").asString()))
                        .containsExactly(ints(prompt.required("tokens")));
            }
        }
    }

    @Test
    void randomTokensRepeated_areRecognized() throws IOException {
        JsonNode repeats = heldOut("repeats.json");
        int length = repeats.required("length").asInt();
        double firstCopy = 0;
        double secondCopy = 0;
        for (JsonNode sequence : repeats.required("sequences")) {
            int[] tokenIds = ints(sequence);
            assertThat(tokenIds).hasSize(2 * length);
            Tensor logits = logits(tokenIds);
            firstCopy += meanLoss(logits, tokenIds, 1, length);
            secondCopy += meanLoss(logits, tokenIds, length, 2 * length);
        }
        assertThat(secondCopy / firstCopy).isLessThanOrEqualTo(GREATEST_LOSS_RATIO);
    }

    /** The mean loss on tokens {@code [from, to)}, each predicted by the logits before it. */
    private static double meanLoss(Tensor logits, int[] tokenIds, int from, int to) {
        double total = 0;
        for (int token = from; token < to; token++) {
            total += loss(logits.narrow(0, token - 1, token).toFloatArray(), tokenIds[token]);
        }
        return total / (to - from);
    }

    /** Cross-entropy in nats. */
    private static double loss(float[] logits, int tokenId) {
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - logits[tokenId]);
        }
        return Math.log(sum);
    }

    @Test
    void goldenPrompts_goOnAsInTransformers() throws IOException {
        for (JsonNode prompt : heldOut("golden.json").required("prompts")) {
            int[] tokenIds = ints(prompt.required("tokens"));
            List<Integer> continuation = StreamSupport
                    .stream(prompt.required("continuation").spliterator(), false).map(JsonNode::asInt).toList();
            try (Session session = model.newSession()) {
                assertThat(session.encode(prompt.required("prompt").asString())).containsExactly(tokenIds);
                GenerationOptions options = GenerationOptions.greedy(continuation.size()).ignoringEos();
                assertThat(session.generate(new int[][] {tokenIds}, options, GenerationListener.NONE).rows()
                        .getFirst().tokenIds()).isEqualTo(continuation);
            }
        }
    }

    @Test
    void goldenPrompts_haveTheBestLogitsOfTransformers() throws IOException {
        Closeness closeness = new Closeness("best logits");
        for (JsonNode prompt : heldOut("golden.json").required("prompts")) {
            int[] tokenIds = ints(prompt.required("tokens"));
            Tensor logits = logits(tokenIds);
            for (JsonNode best : prompt.required("top")) {
                int id = best.required("id").asInt();
                closeness.add(logits.get(tokenIds.length - 1, id), best.required("logit").asDouble(),
                        prompt.required("prompt").asString() + ", id " + id);
            }
        }
        closeness.require(Closeness.F32_TOLERANCE);
    }
}
