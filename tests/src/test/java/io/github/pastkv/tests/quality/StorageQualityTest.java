package io.github.pastkv.tests.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.quality.LogitDifference;
import io.github.pastkv.model.quality.StorageQuality;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.model.TinyModelFolder;
import io.github.pastkv.tinymodel.HeldOut;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Cost of KV cache quantization on the shipped model, on held-out text. */
@Tag("slow")
class StorageQualityTest {
    private static final int NUM_DOCUMENTS = 8;
    private static final double MOST_KL_OF_Q8 = 1e-4;

    private static Model model;

    @BeforeAll
    static void load() throws IOException {
        model = Model.load(TinyModelFolder.require());
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static List<int[]> texts() throws IOException {
        try (InputStream stream = HeldOut.TEXT.open()) {
            return StreamSupport.stream(JsonMapper.shared().readTree(stream).required("documents").spliterator(), false)
                    .limit(NUM_DOCUMENTS)
                    .map(document -> StreamSupport.stream(document.required("tokens").spliterator(), false)
                            .mapToInt(JsonNode::asInt).toArray())
                    .toList();
        }
    }

    private static List<SessionOptions> options(KvType... types) {
        return Stream.of(types).map(type -> SessionOptions.defaults().withKvType(type)).toList();
    }

    @Test
    void smallerTypes_costMore_andQ8StaysWithinItsBar() throws IOException {
        List<int[]> texts = texts();
        long numTokens = texts.stream().mapToInt(text -> text.length).sum();
        List<Long> progress = new ArrayList<>();
        List<LogitDifference> differences = StorageQuality.measure(model,
                options(KvType.F32, KvType.F16, KvType.BF16, KvType.Q8), texts, progress::add);
        assertThat(differences.getFirst()).isEqualTo(new LogitDifference(numTokens, 0, 0, 0, 0, 1));
        assertThat(differences).extracting(LogitDifference::meanKl).isSorted();
        assertThat(differences).extracting(LogitDifference::meanLogit).isSorted();
        LogitDifference q8 = differences.getLast();
        assertThat(q8.meanKl()).isPositive().isLessThanOrEqualTo(MOST_KL_OF_Q8);
        assertThat(q8.largestKl()).isGreaterThan(q8.meanKl());
        assertThat(q8.sameBest()).isBetween(0.98, 1.0);
        assertThat(progress).isSorted().endsWith(numTokens);
    }

    /** The same numbers from one step per text, worked out without logarithms of sums. */
    @Test
    void measure_isWhatTheDefinitionsSay() throws IOException {
        int[] text = Arrays.copyOf(texts().getFirst(), 90);
        LogitDifference measured =
                StorageQuality.measure(model, options(KvType.Q8), List.of(text), _ -> {}).getFirst();
        double sumKl = 0;
        double largestKl = 0;
        double sumLogit = 0;
        try (Session exact = model.newSession();
                Session stored = model.newSession(SessionOptions.defaults().withKvType(KvType.Q8))) {
            Tensor expected = exact.append(text);
            Tensor actual = stored.append(text);
            for (int token = 0; token < text.length; token++) {
                double[] p = probabilities(expected.narrow(0, token, token + 1).toFloatArray());
                double[] q = probabilities(actual.narrow(0, token, token + 1).toFloatArray());
                double kl = 0;
                for (int id = 0; id < p.length; id++) {
                    kl += p[id] * Math.log(p[id] / q[id]);
                    sumLogit += Math.abs((double) expected.get(token, id) - actual.get(token, id));
                }
                sumKl += kl;
                largestKl = Math.max(largestKl, kl);
            }
        }
        assertThat(measured.meanKl()).isCloseTo(sumKl / text.length, within(1e-12));
        assertThat(measured.largestKl()).isCloseTo(largestKl, within(1e-12));
        assertThat(measured.meanLogit()).isCloseTo(sumLogit / text.length / model.config().vocabSize(), within(1e-12));
    }

    private static double[] probabilities(float[] logits) {
        double[] exponentials = new double[logits.length];
        double sum = 0;
        for (int id = 0; id < logits.length; id++) {
            exponentials[id] = Math.exp(logits[id]);
            sum += exponentials[id];
        }
        double total = sum;
        return Arrays.stream(exponentials).map(exponential -> exponential / total).toArray();
    }

    @Test
    void measure_ofNothing_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StorageQuality.measure(model, options(KvType.Q8), List.of(new int[0]), _ -> {}))
                .withMessage("texts: no token in 1 texts");
    }
}
