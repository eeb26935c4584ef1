package io.github.pastkv.tests.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelFolder;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.files.SafetensorsFile;
import io.github.pastkv.model.files.SafetensorsWriter;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.GoldenModel;
import io.github.pastkv.testkit.reference.HfCase;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Tensor names with and without a prefix, and buffers that are no weights, change no result. */
class CheckpointNamesTest {
    @TempDir private Path folder;

    static Stream<HfCase> cases() {
        return GoldenModel.NAMES.stream().map(HfCase::of);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void bothSpellings_areTheSameConfiguration(HfCase hf) throws IOException {
        try (ModelFolder newer = ModelFolder.open(hf.folder());
                ModelFolder older = ModelFolder.open(hf.copyWithOldConfig(folder.resolve("older")))) {
            assertThat(older.config()).isEqualTo(newer.config());
        }
    }

    @ParameterizedTest
    @CsvSource({"gpt2, transformer., h.1.attn.masked_bias", "gpt_neo, transformer., h.1.attn.attention.masked_bias",
        "gpt_neo, transformer., h.0.attn.attention.bias", "gpt_neox, gpt_neox., layers.0.attention.masked_bias",
        "gpt_neox, gpt_neox., layers.1.attention.rotary_emb.inv_freq", "opt, model.decoder., ",
        "opt, model., ", "bloom, transformer., ", "mistral, model., layers.0.self_attn.rotary_emb.inv_freq",
        "qwen2, model., rotary_emb.inv_freq", "qwen3, model., ", "gemma2, model., ",
        "gemma3_text, model., rotary_emb_local.inv_freq", "phi3, model., ", "olmo2, model., "})
    void withoutPrefix_andWithBuffers_givesTheSameLogits(String name, String prefix, String buffer)
            throws IOException {
        HfCase hf = HfCase.of(name);
        Files.copy(hf.folder().resolve("config.json"), folder.resolve("config.json"));
        float[] expected = logits(hf.folder(), hf.tokens());
        rewrite(hf.folder(), tensor -> tensor.startsWith(prefix) ? tensor.substring(prefix.length()) : tensor,
                buffer == null ? List.of() : List.of(buffer));
        assertThat(logits(folder, hf.tokens())).isEqualTo(expected);
        if (buffer != null) {
            rewrite(hf.folder(), UnaryOperator.identity(), List.of(prefix + buffer));
            assertThat(logits(folder, hf.tokens())).isEqualTo(expected);
        }
    }

    /** Settings under {@code text_config}, weights under a further prefix, and those of images beside them. */
    @ParameterizedTest
    @CsvSource({"gemma3_text, gemma3, Gemma3ForConditionalGeneration, model.vision_tower.layer.weight",
        "llama4_text, llama4, Llama4ForConditionalGeneration, vision_model.layer.weight"})
    void textPartOfAMultimodalFolder_givesTheSameLogits(String name, String modelType, String architecture,
            String ofImages) throws IOException {
        HfCase hf = HfCase.of(name);
        String text = Files.readString(hf.folder().resolve("config.json"));
        Files.writeString(folder.resolve("config.json"), """
                {"model_type":"%s","architectures":["%s"],"vision_config":{"layers":1},"text_config":%s}"""
                .formatted(modelType, architecture, text));
        rewrite(hf.folder(), "language_model."::concat, List.of(ofImages));
        assertThat(logits(folder, hf.tokens())).isEqualTo(logits(hf.folder(), hf.tokens()));
    }

    private void rewrite(Path source, UnaryOperator<String> newName, List<String> buffers) throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter();
        try (SafetensorsFile file = SafetensorsFile.open(source.resolve("model.safetensors"));
                Arena arena = Arena.ofConfined()) {
            for (String name : file.names()) {
                writer.add(newName.apply(name), file.tensor(name));
            }
            buffers.forEach(name -> writer.add(name, Tensor.allocate(arena, DataType.F32, 3)));
            writer.write(folder.resolve("model.safetensors"));
        }
    }

    private static float[] logits(Path folder, int[] tokenIds) throws IOException {
        try (Model model = Model.load(folder); Session session = model.newSession()) {
            return session.append(tokenIds).toFloatArray();
        }
    }
}
