package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.files.SafetensorsFile;
import io.github.pastkv.model.files.SafetensorsWriter;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.GoldenFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Weights that are finite but lead to numbers that F32 does not have: the step says where, and leaves the session. */
class NumberRangeTest {
    @TempDir private Path folder;

    private void writeModel(String enlarged) throws IOException {
        Path source = GoldenFiles.path("hf/llama");
        Files.copy(source.resolve("config.json"), folder.resolve("config.json"));
        SafetensorsWriter writer = new SafetensorsWriter();
        try (SafetensorsFile stored = SafetensorsFile.open(source.resolve("model.safetensors"))) {
            for (String name : stored.names()) {
                writer.add(name, name.equals(enlarged) ? enlarged(stored.tensor(name)) : stored.tensor(name));
            }
            writer.write(folder.resolve("model.safetensors"));
        }
    }

    /** The same signs at the edge of F32: sums of two are infinite. */
    private static Tensor enlarged(Tensor tensor) {
        float[] numbers = tensor.toFloatArray();
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = Math.copySign(3e38f, numbers[i]);
        }
        return Tensor.of(numbers, tensor.shape());
    }

    @ParameterizedTest
    @CsvSource({"model.layers.1.mlp.up_proj.weight, layer 1",
        "model.layers.0.self_attn.v_proj.weight, layer 0", "model.layers.1.self_attn.q_proj.weight, layer 1",
        "model.layers.1.input_layernorm.weight, layer 1", "model.norm.weight, the head",
        "lm_head.weight, the head"})
    void step_namesThePartThatOverflows_andLeavesTheSession(String enlarged, String part) throws IOException {
        writeModel(enlarged);
        try (Model model = Model.load(folder, ModelOptions.defaults().withKernels("vector"));
                Session session = model.newSession()) {
            assertThatIllegalStateException().isThrownBy(() -> session.append(1, 2, 3)).withMessage(part + ": the "
                    + (part.equals("the head") ? "logits" : "residual stream") + " became infinite or not a number "
                    + "(NaN): the model's weights lead beyond the range of F32");
            assertThatIllegalStateException().isThrownBy(() -> session.generate(new int[][] {{1, 2, 3}},
                    GenerationOptions.greedy(2), GenerationListener.NONE));
            if (!part.equals("the head")) { // without logits too: the cache takes no such keys
                assertThatIllegalStateException()
                        .isThrownBy(() -> session.prefill(new int[][] {{1, 2}}, AttentionMask.ones(1, 2)));
            }
            assertThat(session.numTokens(0)).isZero();
        }
    }
}
