package io.github.pastkv.tests.quality;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import io.github.pastkv.testkit.model.TinyModelFolder;
import io.github.pastkv.tinymodel.TinyModel;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Cost of bf16 compute and int8 weights: logits of the shipped model against f32, on held-out text. Prints a line for
 * docs/benchmark-log.md.
 */
@Tag("slow")
class LinearPrecisionQualityTest {
    /** How many tokens; a system property asks for more. */
    private static final int MAX_TOKENS = Integer.getInteger("pastkv.qualityTokens", 500);
    private static final double LARGEST_MEAN_KL = 1e-3;

    static Stream<Arguments> forms() {
        return KernelsUnderTest.names().stream().filter(name -> !name.equals("scalar")).flatMap(kernels -> Stream.of(
                Arguments.of(kernels, ComputeChoice.BF16, WeightType.STORED),
                Arguments.of(kernels, ComputeChoice.F32, WeightType.INT8),
                Arguments.of(kernels, ComputeChoice.BF16, WeightType.INT8)));
    }

    @ParameterizedTest
    @MethodSource("forms")
    void form_staysNearF32(String kernels, ComputeChoice compute, WeightType weights) throws IOException {
        ModelOptions plain = ModelOptions.defaults().withKernels(kernels);
        Sums sums = new Sums();
        LinearPrecision precision;
        try (Model exact = Model.load(TinyModelFolder.require(), plain);
                Model rough = Model.load(TinyModelFolder.require(), plain.withCompute(compute).withWeights(weights))) {
            precision = rough.linearPrecision();
            for (int[] tokens : heldOut()) {
                sums.add(logits(exact, tokens), logits(rough, tokens));
            }
        }
        System.out.println(sums.line(kernels + ", " + precision));
        assertThat(sums.numTokens).isEqualTo(MAX_TOKENS);
        assertThat(sums.meanKl()).isPositive().isLessThan(LARGEST_MEAN_KL);
    }

    private static Tensor logits(Model model, int[] tokens) {
        try (Session session = model.newSession()) {
            return session.append(tokens);
        }
    }

    private static List<int[]> heldOut() throws IOException {
        List<int[]> texts = new ArrayList<>();
        int numLeft = MAX_TOKENS;
        try (InputStream stream = TinyModel.class.getResourceAsStream("heldout/text.json")) {
            for (JsonNode document : JsonMapper.shared().readTree(stream).required("documents")) {
                int[] tokens = StreamSupport.stream(document.required("tokens").spliterator(), false)
                        .mapToInt(JsonNode::asInt).limit(numLeft).toArray();
                numLeft -= tokens.length;
                if (tokens.length > 0) {
                    texts.add(tokens);
                }
            }
        }
        return texts;
    }

    /** Differences over all tokens. */
    private static final class Sums {
        private int numTokens;
        private double kl;
        private double largestKl;
        private double difference;
        private double largestDifference;

        void add(Tensor exact, Tensor rough) {
            int vocabSize = (int) exact.shape(1);
            float[] p = exact.toFloatArray();
            float[] q = rough.toFloatArray();
            for (int from = 0; from < p.length; from += vocabSize) {
                addToken(p, q, from, from + vocabSize);
            }
        }

        private void addToken(float[] p, float[] q, int from, int to) {
            double pLog = logSumExp(p, from, to);
            double qLog = logSumExp(q, from, to);
            double tokenKl = 0;
            for (int i = from; i < to; i++) {
                tokenKl += Math.exp(p[i] - pLog) * (p[i] - pLog - (q[i] - qLog));
                difference += Math.abs(p[i] - q[i]) / (to - from);
                largestDifference = Math.max(largestDifference, Math.abs(p[i] - q[i]));
            }
            numTokens++;
            kl += tokenKl;
            largestKl = Math.max(largestKl, tokenKl);
        }

        private static double logSumExp(float[] logits, int from, int to) {
            double largest = Double.NEGATIVE_INFINITY;
            for (int i = from; i < to; i++) {
                largest = Math.max(largest, logits[i]);
            }
            double sum = 0;
            for (int i = from; i < to; i++) {
                sum += Math.exp(logits[i] - largest);
            }
            return largest + Math.log(sum);
        }

        double meanKl() {
            return kl / numTokens;
        }

        String line(String what) {
            return String.format(Locale.ROOT,
                    "| %s | %.2e | %.2e | %.2e | %.2e |", what, meanKl(), largestKl, difference / numTokens,
                    largestDifference);
        }
    }
}
