package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.kernels.weights.WeightMatrices;
import io.github.pastkv.model.config.GenerationConfig;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelFolderTest {
    @TempDir private Path folder;

    @BeforeEach
    void copyModel() throws IOException {
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(TestFiles.resource("hf/gpt2_bare_names/" + name), folder.resolve(name));
        }
    }

    @Test
    void open_withoutGenerationConfigAndTokenizer_takesTheConfig() throws IOException {
        try (ModelFolder model = ModelFolder.open(folder)) {
            assertThat(model.generationConfig()).isEqualTo(new GenerationConfig(List.of(2), false,
                    OptionalDouble.empty(), OptionalInt.empty(), OptionalDouble.empty(), OptionalDouble.empty(),
                    List.of()));
            assertThat(model.hasTokenizer()).isFalse();
            assertThat(model.folder()).isEqualTo(folder);
        }
    }

    @Test
    void open_generationConfig_isRead() throws IOException {
        writeGenerationConfig("""
                {"eos_token_id":[3,4],"do_sample":true,"temperature":0.6,"top_k":40,"top_p":0.9,
                 "repetition_penalty":1.1,"_from_model_config":true,"num_beams":4}""");
        try (ModelFolder model = ModelFolder.open(folder)) {
            assertThat(model.generationConfig()).isEqualTo(new GenerationConfig(List.of(3, 4), true,
                    OptionalDouble.of(0.6), OptionalInt.of(40), OptionalDouble.of(0.9), OptionalDouble.of(1.1),
                    List.of("num_beams: 4")));
        }
    }

    @Test
    void open_generationConfigWithOneOrNoEos_isRead() throws IOException {
        writeGenerationConfig("{\"eos_token_id\":5}");
        try (ModelFolder model = ModelFolder.open(folder)) {
            assertThat(model.generationConfig().eosIds()).containsExactly(5);
        }
        writeGenerationConfig("{\"eos_token_id\":null}");
        try (ModelFolder model = ModelFolder.open(folder)) {
            assertThat(model.generationConfig().eosIds()).containsExactly(2);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"temperature":"hot"}       | temperature: "hot", must be a finite number
            {"temperature":-0.5}        | temperature: -0.5, must be in [0, Infinity)
            {"top_p":1.5}               | top_p: 1.5, must be in [0, 1.0]
            {"top_k":0.5}               | top_k: 0.5, must be an integer in [-1, 2147483647]
            {"top_k":-2}                | top_k: -2, must be an integer in [-1, 2147483647]
            {"min_p":-0.1}              | min_p: -0.1, must be in [0, 1.0]
            {"typical_p":0}             | typical_p: 0.0, must be in (0, 1]
            {"no_repeat_ngram_size":-1} | no_repeat_ngram_size: -1, must be an integer in [0, 2147483647]
            {"suppress_tokens":["3"]}   | suppress_tokens: "3", must be an integer
            {"do_sample":1}             | do_sample: 1, must be true or false
            {"repetition_penalty":0}    | repetition_penalty: 0, must be positive
            {"eos_token_id":[2,"3"]}    | eos_token_id: "3", must be an integer
            {"eos_token_id":-2}         | eos_token_id: -2, must be in [-1, 2147483647]
            """)
    void open_wrongGenerationConfig_isRefused(String json, String problem) throws IOException {
        Path file = writeGenerationConfig(json);
        assertThatThrownBy(() -> ModelFolder.open(folder)).isInstanceOf(ModelFormatException.class)
                .hasMessage(file + ": " + problem);
    }

    @Test
    void open_withoutConfig_saysSo() throws IOException {
        Files.delete(folder.resolve("config.json"));
        assertThatThrownBy(() -> ModelFolder.open(folder)).isInstanceOf(ModelFormatException.class)
                .hasMessage(folder.resolve("config.json") + ": no such file");
    }

    @Test
    void tensors_afterClose_cannotBeRead() throws IOException {
        ModelFolder model = ModelFolder.open(folder);
        Tensor embedding = WeightMatrices.tensor(model.tensors().embedding().tokens());
        model.close();
        model.close();
        assertThatThrownBy(() -> embedding.get(0, 0)).isInstanceOf(IllegalStateException.class);
    }

    private Path writeGenerationConfig(String json) throws IOException {
        return Files.writeString(folder.resolve("generation_config.json"), json);
    }
}
