package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.layout.KvRangeException;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.model.files.SafetensorsFile;
import io.github.pastkv.model.files.SafetensorsWriter;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.GoldenFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A model whose keys in layer 1 are finite and larger than an f16 can be. */
class KeyRangeTest {
    private static final String KEYS = "model.layers.1.self_attn.k_proj.weight";

    @TempDir private Path folder;

    @BeforeEach
    void writeModel() throws IOException {
        Path source = GoldenFiles.path("hf/llama");
        Files.copy(source.resolve("config.json"), folder.resolve("config.json"));
        SafetensorsWriter writer = new SafetensorsWriter();
        try (SafetensorsFile stored = SafetensorsFile.open(source.resolve("model.safetensors"))) {
            for (String name : stored.names()) {
                writer.add(name, name.equals(KEYS) ? timesMillion(stored.tensor(name)) : stored.tensor(name));
            }
            writer.write(folder.resolve("model.safetensors"));
        }
    }

    private static Tensor timesMillion(Tensor tensor) {
        float[] numbers = tensor.toFloatArray();
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] *= 1e6f;
        }
        return Tensor.of(numbers, tensor.shape());
    }

    private static SessionOptions storedAs(KvType type) {
        return SessionOptions.defaults().withKvTypes(new KvTypes(type, type));
    }

    @ParameterizedTest
    @ValueSource(strings = {"scalar", "vector"})
    void keyBeyondF16_isAnErrorThatNamesLayerAndType_andLeavesTheSession(String kernels) throws IOException {
        try (Model model = Model.load(folder, ModelOptions.defaults().withKernels(kernels));
                Session session = model.newSession(storedAs(KvType.F16))) {
            assertThatThrownBy(() -> session.append(1, 2, 3)).isInstanceOf(KvRangeException.class)
                    .hasMessageContaining("layer 1").hasMessageContaining("f16");
            assertThatThrownBy(() -> session.generate(new int[][] {{1, 2, 3}}, GenerationOptions.greedy(2),
                    GenerationListener.NONE)).isInstanceOf(KvRangeException.class);
            assertThat(session.size()).isZero();
            session.cache().checkIntegrity();
        }
    }

    @ParameterizedTest
    @EnumSource(value = KvType.class, mode = EnumSource.Mode.EXCLUDE, names = "F16")
    void otherTypes_holdIt(KvType type) throws IOException {
        try (Model model = Model.load(folder, ModelOptions.defaults().withKernels("scalar"));
                Session session = model.newSession(storedAs(type))) {
            for (float logit : session.append(1, 2, 3).toFloatArray()) {
                assertThat(logit).isFinite();
            }
        }
    }

    @Test
    void valuesOfOtherLayers_areNotTouchedByTheError() throws IOException {
        try (Model model = Model.load(folder, ModelOptions.defaults().withKernels("vector"));
                Session session = model.newSession(SessionOptions.defaults()
                        .withKvTypes(new KvTypes(KvType.F32, KvType.F16)));
                Session plain = model.newSession(storedAs(KvType.F32))) {
            float[] logits = session.append(1, 2, 3).toFloatArray();
            assertThat(logits).hasSameSizeAs(plain.append(1, 2, 3).toFloatArray());
            assertThat(Arrays.toString(logits)).doesNotContain("NaN");
        }
    }
}
