package io.github.pastkv.lens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The lens on every family: parts that add up, and the refusal of families whose stream has none. */
class FamilyLensTest {
    private static final int TOKEN = 7;

    static List<String> models() {
        return GoldenModel.allNames();
    }

    static List<String> additiveModels() {
        return GoldenModel.additiveNames();
    }

    static Set<String> normedModels() {
        return GoldenModel.NORMED_BLOCK_NAMES;
    }

    @ParameterizedTest
    @MethodSource("models")
    void logitLens_endsWithTheModelsOwnPredictions(String name) throws IOException {
        GoldenModel golden = GoldenModel.of(name);
        try (Model model = Model.load(golden.folder())) {
            Tensor logits = new Lens(model).run(StepInput.tokens(golden.tokens())).logits();
            List<List<Prediction>> last = LogitLens.of(model, golden.tokens(), 3).predictions().getLast();
            for (int position = 0; position < golden.tokens().length; position++) {
                float[] row = logits.narrow(1, position, position + 1L).toFloatArray();
                assertThat(last.get(position)).isEqualTo(Prediction.top(row, 3));
            }
        }
    }

    /** The rest, biases of the final norm and of the head, is the same at every position. */
    @ParameterizedTest
    @MethodSource("additiveModels")
    void attributedParts_addUpToTheLogit_butForBiases(String name) throws IOException {
        GoldenModel golden = GoldenModel.of(name);
        try (Model model = Model.load(golden.folder())) {
            int numTokens = golden.tokens().length;
            double[] rests = IntStream.of(0, numTokens / 2, numTokens - 1)
                    .mapToDouble(position -> LogitAttribution
                            .of(model, golden.tokens(), TOKEN, OptionalInt.empty(), position).rest())
                    .toArray();
            double[] same = new double[rests.length];
            Arrays.fill(same, rests[0]);
            assertThat(rests).containsExactly(same, Offset.offset(1e-3));
        }
    }

    @ParameterizedTest
    @MethodSource("additiveModels")
    void headsOfALayer_addUpToWhatAttentionAdds_butForTheBias(String name) throws IOException {
        GoldenModel golden = GoldenModel.of(name);
        try (Model model = Model.load(golden.folder());
                CachedRun run = new Lens(model).runWithCache(StepInput.tokens(golden.tokens()),
                        Capture.of("blocks.*.attn.hook_result", "blocks.*.hook_attn_out", "blocks.*.attn.hook_z"))) {
            int numLayers = model.config().numLayers();
            int numHeads = model.config().numHeads();
            ResidualStack heads = new Residuals(model, run.activations()).headResults(numLayers);
            for (int layer = 0; layer < numLayers; layer++) {
                Tensor out = run.get("blocks." + layer + ".hook_attn_out"); // [1, N, E]
                Tensor results = run.get("blocks." + layer + ".attn.hook_result"); // [1, N, H, E]
                float[] bias = null;
                for (int position = 0; position < golden.tokens().length; position++) {
                    float[] rest = out.narrow(1, position, position + 1L).toFloatArray();
                    for (int head = 0; head < numHeads; head++) {
                        float[] result = results.narrow(1, position, position + 1L).narrow(2, head, head + 1L)
                                .toFloatArray();
                        assertNear(heads.get(layer * numHeads + head).narrow(1, position, position + 1L)
                                .toFloatArray(), result, 1e-5f);
                        for (int i = 0; i < rest.length; i++) {
                            rest[i] -= result[i];
                        }
                    }
                    bias = bias == null ? rest : bias;
                    assertNear(rest, bias, 1e-4f);
                }
            }
        }
    }

    /** As containsExactly with an offset, without an object for each of many numbers. */
    private static void assertNear(float[] actual, float[] expected, float tolerance) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            if (!(Math.abs(actual[i] - expected[i]) <= tolerance)) {
                assertThat(actual[i]).as("number %d", i).isCloseTo(expected[i], Offset.offset(tolerance));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("normedModels")
    void familiesThatNormWhatBlocksAdd_areRefusedByName(String name) throws IOException {
        GoldenModel golden = GoldenModel.of(name);
        try (Model model = Model.load(golden.folder())) {
            assertThatThrownBy(() -> LogitAttribution.of(model, golden.tokens(), TOKEN, OptionalInt.empty(), 0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(model.config().architecture() + " normalizes the output of its blocks");
        }
    }
}
