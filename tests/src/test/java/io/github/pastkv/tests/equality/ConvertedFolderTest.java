package io.github.pastkv.tests.equality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelConversion;
import io.github.pastkv.model.ModelFolder;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.SafetensorsFile;
import io.github.pastkv.testkit.golden.GoldenFiles;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A converted folder with int8 weights gives the bits of its source with weights quantized at load. */
class ConvertedFolderTest {
    private static final Set<String> REFUSED =
            Set.of("gpt_oss_mxfp4", "deepseek_v2", "deepseek_v2_lite", "deepseek_v3", "longcat_flash");

    @TempDir private Path folder;

    static Stream<TestModel> models() {
        return Subject.mechanisms().map(Subject::model).filter(model -> !REFUSED.contains(model.toString()));
    }

    /** MXFP4 weights are quantized already; projections of latents are quantized in other directions at load. */
    @Test
    void toQuantized_ofQuantizedWeightsOrLatents_isRefused() {
        for (String name : REFUSED) {
            Path source = GoldenFiles.path("hf/" + name);
            assertThatThrownBy(() -> ModelConversion.toQuantized(source, folder.resolve(name), WeightType.INT8,
                    Set.of(), (_, _) -> {}))
                    .as(name).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageMatching("source: .*" + name + " has (weights that are quantized|latent attention).*");
            assertThat(folder.resolve(name)).doesNotExist();
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void converted_hasTheBitsOfTheSourceWithInt8Weights(TestModel model) throws IOException {
        Path converted = convert(model);
        for (String kernels : kernels(model.toString())) {
            for (ComputeChoice compute : List.of(ComputeChoice.F32, ComputeChoice.AUTO)) {
                ModelOptions options = ModelOptions.defaults().withKernels(kernels).withCompute(compute);
                try (Model source = Model.load(model.folder(), options.withWeights(WeightType.INT8));
                        Model small = Model.load(converted, options)) {
                    assertThat(small.linearPrecision()).isEqualTo(source.linearPrecision())
                            .extracting(LinearPrecision::weights).isEqualTo(WeightType.INT8);
                    assertThat(small.numParameters()).isEqualTo(source.numParameters());
                    assertThat(logits(small, model)).as("%s, %s", kernels, compute).isEqualTo(logits(source, model));
                }
            }
        }
    }

    /** Heads of their own and tied ones, weights stored either way, rows that are moved, experts in one tensor. */
    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "gpt_neox", "llama", "llama3_rope_tied", "mixtral", "qwen3_moe"})
    void converted_hasTheBitsOfTheSourceWithWeightsInGroups(String name) throws IOException {
        TestModel model = TestModel.golden(name);
        ModelOptions options = ModelOptions.defaults().withKernels("vector");
        for (WeightType weights : List.of(WeightType.INT8_GROUPS, WeightType.INT4)) {
            Path converted = folder.resolve(name + weights);
            ModelConversion.toQuantized(model.folder(), converted, weights, Set.of(), (_, _) -> {});
            try (Model source = Model.load(model.folder(), options.withWeights(weights));
                    Model small = Model.load(converted, options)) {
                assertThat(small.linearPrecision()).isEqualTo(source.linearPrecision());
                assertThat(small.numParameters()).isEqualTo(source.numParameters());
                assertThat(logits(small, model)).as("%s", weights).isEqualTo(logits(source, model));
            }
        }
    }

    @Test
    void foldersInGroups_refuseOtherWeightsAndDamage() throws IOException {
        Path small = folder.resolve("small");
        Path source = TestModel.golden("llama").folder();
        ModelConversion.toQuantized(source, small, WeightType.INT4, Set.of(), (_, _) -> {});
        ModelOptions options = ModelOptions.defaults().withKernels("vector");
        Model.load(small, options.withWeights(WeightType.INT4)).close();
        assertThatThrownBy(() -> Model.load(small, options.withWeights(WeightType.INT8_GROUPS)))
                .hasMessageContaining("weights: int8-groups, but " + small + " holds weights that are quantized");
        assertThatThrownBy(() -> ModelConversion.toQuantized(small, folder.resolve("again"), WeightType.INT4,
                Set.of(), (_, _) -> {})).hasMessageContaining("holds int4 weights already");
        Path config = small.resolve("config.json");
        String json = Files.readString(config);
        Files.writeString(config, json.replace("pastkv_int4", "pastkv_int8_groups"));
        assertRefused(small, ", the configuration asks for I8[");
        Files.writeString(config, json);
        Path weights = small.resolve("model.safetensors");
        String scales = "model.layers.0.mlp.down_proj.weight_scale";
        Files.write(weights, withInfinity(weights, scales));
        assertThatThrownBy(() -> Model.load(small, options)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("tensor model.layers.0.mlp.down_proj.weight: holds a number that is infinite");
    }

    /** The bytes of a file, with the first number of a tensor of halves infinite. */
    private static byte[] withInfinity(Path file, String tensor) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        try (SafetensorsFile weights = SafetensorsFile.open(file)) {
            int first = Math.toIntExact(weights.entry(tensor).fromByteOffset());
            bytes[first] = 0;
            bytes[first + 1] = 0x7C;
        }
        return bytes;
    }

    /** Two families, stored either way and with either head, on all kernels; the others on the fastest. */
    private static List<String> kernels(String model) {
        boolean isOnAll = Set.of("gpt2", "llama", "llama3_rope_tied", "llama_bf16").contains(model);
        return isOnAll ? KernelsUnderTest.names() : List.of(KernelsUnderTest.fastest());
    }

    private Path convert(TestModel model) throws IOException {
        Path converted = folder.resolve(model.toString());
        ModelConversion.toQuantized(model.folder(), converted, WeightType.INT8, Set.of(), (_, _) -> {});
        return converted;
    }

    private static float[] logits(Model model, TestModel prompt) {
        try (Session session = model.newSession()) {
            return session.append(prompt.tokenIds()).toFloatArray();
        }
    }

    @Test
    void converted_holdsIntegersScalesAndTheOtherFiles() throws IOException {
        Path source = folder.resolve("source");
        Files.createDirectory(source);
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(TestModel.golden("gpt2").folder().resolve(name), source.resolve(name));
        }
        for (String name : List.of("LICENSE", "merges.txt", "pytorch_model.bin", "tf_model.h5", ".hidden")) {
            Files.writeString(source.resolve(name), name);
        }
        String template = "additional_chat_templates/tool_use.jinja";
        Files.createDirectory(source.resolve("additional_chat_templates"));
        Files.writeString(source.resolve(template), "{{ tools }}");
        List<String> told = new ArrayList<>();
        ModelConversion.toQuantized(source, folder.resolve("small"), WeightType.INT8, Set.of(),
                (done, all) -> told.add(done + " of " + all));
        assertThat(names(folder.resolve("small"))).containsExactlyInAnyOrder("LICENSE", "merges.txt", "config.json",
                "model.safetensors", "additional_chat_templates");
        assertThat(folder.resolve("small").resolve(template)).hasContent("{{ tools }}");
        try (SafetensorsFile before = SafetensorsFile.open(source.resolve("model.safetensors"));
                SafetensorsFile small = SafetensorsFile.open(folder.resolve("small/model.safetensors"))) {
            assertThat(told).hasSize(before.names().size()).startsWith("0 of " + told.size())
                    .endsWith(told.size() - 1 + " of " + told.size());
            String name = before.names().stream().filter(each -> each.endsWith("h.1.mlp.c_fc.weight")).findFirst()
                    .orElseThrow();
            assertThat(small.entry(name).dtype()).isEqualTo("I8");
            assertThat(small.entry(name).shape()).isEqualTo(before.entry(name).shape());
            assertThat(small.tensor(name + "_scale").shape()).containsExactly(before.entry(name).shape().get(1));
            String embedding = before.names().stream().filter(each -> each.endsWith("wte.weight")).findFirst()
                    .orElseThrow();
            assertThat(small.segment(embedding).mismatch(before.segment(embedding))).isEqualTo(-1);
        }
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> String.valueOf(file.getFileName())).toList();
        }
    }

    @Test
    void existingTarget_isRefused_andNothingIsWritten() throws IOException {
        TestModel model = TestModel.golden("llama");
        Path empty = Files.createDirectory(folder.resolve("empty"));
        Path file = Files.writeString(folder.resolve("file"), "x");
        for (Path target : List.of(empty, file)) {
            assertThatThrownBy(
                    () -> ModelConversion.toQuantized(model.folder(), target, WeightType.INT8, Set.of(), (_, _) -> {}))
                    .isInstanceOf(FileAlreadyExistsException.class)
                    .hasMessageStartingWith(target + ": already exists");
        }
        assertThatThrownBy(() -> ModelConversion.toQuantized(model.folder(), folder.resolve("a/b"), WeightType.INT8,
                Set.of(), (_, _) -> {}))
                .isInstanceOf(NoSuchFileException.class);
        assertThat(names(empty)).isEmpty();
        assertThat(Files.readString(file)).isEqualTo("x");
        assertThat(names(folder)).containsExactlyInAnyOrder("empty", "file");
    }

    @Test
    void conversionThatFails_leavesNothing() throws IOException {
        Path small = convert(TestModel.golden("llama"));
        assertThatThrownBy(() -> ModelConversion.toQuantized(small, folder.resolve("again"), WeightType.INT8, Set.of(),
                (_, _) -> {}))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("holds int8 weights already");
        assertThatThrownBy(() -> ModelConversion.toQuantized(TestModel.golden("gpt2").folder(), folder.resolve("late"),
                WeightType.INT8, Set.of(), (done, all) -> {
                    if (done == all - 1) {
                        throw new IllegalStateException("told to fail");
                    }
                })).hasMessage("told to fail");
        assertThat(names(folder)).containsExactly("llama");
    }

    @Test
    void quantizationOfOthers_andHalfAFolder_areRefusedByName() throws IOException {
        Path config = convert(TestModel.golden("llama")).resolve("config.json");
        String json = Files.readString(config);
        Files.writeString(config, json.replace("pastkv_int8", "bitsandbytes"));
        assertRefused(config.getParent(), "quantization_config: {\"quant_method\":\"bitsandbytes\"");
        Files.writeString(config, json.replace("pastkv_int8\"", "pastkv_int8\", \"groups\": 64"));
        assertRefused(config.getParent(), "quantization_config.groups: 64, this key is not known");
        Files.writeString(config, json.replace("\"f32\"", "\"i4\""));
        assertRefused(config.getParent(), "quantization_config.made_from: i4, must be f32, f16 or bf16");
        Files.copy(TestModel.golden("llama").folder().resolve("config.json"), config,
                StandardCopyOption.REPLACE_EXISTING);
        assertRefused(config.getParent(), ".weight: is I8[");
        Files.writeString(config, json);
        Files.copy(TestModel.golden("llama").folder().resolve("model.safetensors"),
                config.resolveSibling("model.safetensors"), StandardCopyOption.REPLACE_EXISTING);
        assertRefused(config.getParent(), ", must be I8");
    }

    private static void assertRefused(Path folder, String message) {
        assertThatThrownBy(() -> ModelFolder.open(folder)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(message);
    }
}
