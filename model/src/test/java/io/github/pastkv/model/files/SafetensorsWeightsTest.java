package io.github.pastkv.model.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.model.TestFiles;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsWeightsTest {
    @TempDir private Path folder;

    @Test
    void open_singleFile_givesItsTensors() throws IOException {
        try (SafetensorsWeights weights = SafetensorsWeights.open(TestFiles.resource("hf/gpt2_bare_names"))) {
            assertThat(weights.names()).contains("wte.weight", "h.1.attn.bias").hasSize(2 * 13 + 4);
            assertThat(weights.tensor("wte.weight", 193, 28).rank()).isEqualTo(2);
            assertThat(weights.entry("nothing")).isEmpty();
        }
    }

    @Test
    void tensor_missingOrOfAnotherShape_namesFileTensorAndShapes() throws IOException {
        Path source = TestFiles.resource("hf/gpt2_bare_names/model.safetensors");
        try (SafetensorsWeights weights = SafetensorsWeights.open(source.getParent())) {
            assertThatThrownBy(() -> weights.tensor("nothing", 3, 4)).isInstanceOf(ModelFormatException.class)
                    .hasMessage(source + ": tensor nothing: missing, expected [3, 4]; looked in [model.safetensors]");
            assertThatThrownBy(() -> weights.tensor("wte.weight", 28, 193)).isInstanceOf(ModelFormatException.class)
                    .hasMessage(source + ": tensor wte.weight: is F32[193, 28], the configuration asks for [28, 193]");
        }
    }

    @Test
    void open_shards_givesTheTensorsOfAll() throws IOException {
        writeShard("model-1.safetensors", "a", 1);
        writeShard("model-2.safetensors", "b", 2);
        writeIndex("{\"metadata\":{\"total_size\":8},"
                + "\"weight_map\":{\"a\":\"model-1.safetensors\",\"b\":\"model-2.safetensors\"}}");
        SafetensorsWeights weights = SafetensorsWeights.open(folder);
        Tensor b = weights.tensor("b", 1);

        assertThat(weights.names()).containsExactlyInAnyOrder("a", "b");
        assertThat(b.get(0)).isEqualTo(2);
        assertThat(weights.fileOf("b")).isEqualTo(folder.resolve("model-2.safetensors"));
        weights.close();
        assertThatThrownBy(() -> b.get(0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void open_missingShard_namesIt() throws IOException {
        writeIndex("{\"weight_map\":{\"a\":\"model-1.safetensors\"}}");
        refused(folder.resolve("model-1.safetensors") + ": no such file");
    }

    @Test
    void open_tensorNotInItsShard_isMissingToThoseWhoNeedIt() throws IOException {
        writeShard("model-1.safetensors", "a", 1);
        writeIndex("{\"weight_map\":{\"a\":\"model-1.safetensors\",\"b\":\"model-1.safetensors\"}}");
        try (SafetensorsWeights weights = SafetensorsWeights.open(folder)) { // as transformers reads it
            assertThat(weights.names()).containsExactly("a");
            assertThatThrownBy(() -> weights.tensor("b", 1)).hasMessage(
                    index() + ": tensor b: missing, expected [1]; looked in [model-1.safetensors]");
        }
    }

    @Test
    void open_tensorNotInTheIndex_isThere() throws IOException {
        writeShard("model-1.safetensors", "a", 1);
        writeShard("model-2.safetensors", "a", 1);
        writeIndex("{\"weight_map\":{\"a\":\"model-1.safetensors\"}}");
        try (SafetensorsWeights weights = SafetensorsWeights.open(folder)) {
            assertThat(weights.names()).containsExactly("a"); // a file that nobody lists is not looked at
        }
        new SafetensorsWriter().add("a", new long[] {1}, 1).add("z", new long[] {1}, 1)
                .write(folder.resolve("model-1.safetensors"));
        try (SafetensorsWeights weights = SafetensorsWeights.open(folder)) {
            assertThat(weights.names()).containsExactlyInAnyOrder("a", "z");
        }
    }

    @Test
    void open_tensorInTwoShards_isThatOfTheIndex() throws IOException {
        writeShard("model-1.safetensors", "a", 1);
        new SafetensorsWriter().add("a", Tensor.of(new float[] {2}, 1)).add("b", Tensor.of(new float[] {3}, 1))
                .write(folder.resolve("model-2.safetensors"));
        writeIndex("{\"weight_map\":{\"a\":\"model-1.safetensors\",\"b\":\"model-2.safetensors\"}}");
        try (SafetensorsWeights weights = SafetensorsWeights.open(folder)) {
            assertThat(weights.tensor("a", 1).get(0)).isEqualTo(1);
        }
        writeIndex("{\"weight_map\":{\"b\":\"model-2.safetensors\",\"c\":\"model-1.safetensors\"}}");
        refused(folder.resolve("model-2.safetensors")
                + ": tensor a: is in model-1.safetensors as well, and the index lists "
                + "neither");
    }

    @Test
    void open_shardsOfAnyPlainName_areRead() throws IOException {
        writeShard("model 1.safetensors", "a", 1);
        writeShard("pytorch_model+2.safetensors", "b", 1);
        writeIndex("{\"weight_map\":{\"a\":\"model 1.safetensors\",\"b\":\"pytorch_model+2.safetensors\"}}");
        try (SafetensorsWeights weights = SafetensorsWeights.open(folder)) {
            assertThat(weights.names()).containsExactlyInAnyOrder("a", "b");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"../x.safetensors", "/etc/passwd", "a/b.safetensors", "..", "", "a\\\\b"})
    void open_pathThatLeavesTheFolder_isRefused(String path) throws IOException {
        writeIndex("{\"weight_map\":{\"a\":\"" + path + "\"}}");
        assertThatThrownBy(() -> SafetensorsWeights.open(folder)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("must be the name of a file in the same folder");
    }

    @Test
    void open_emptyFolderOrIndexWithoutMap_isRefused() throws IOException {
        refused(folder + ": holds neither model.safetensors nor model.safetensors.index.json");
        writeIndex("{}");
        refused(index() + ": weight_map: missing, must be an object");
    }

    private void refused(String message) {
        assertThatThrownBy(() -> SafetensorsWeights.open(folder)).isInstanceOf(ModelFormatException.class)
                .hasMessage(message);
    }

    private Path index() {
        return folder.resolve("model.safetensors.index.json");
    }

    private void writeIndex(String json) throws IOException {
        Files.writeString(index(), json);
    }

    private void writeShard(String name, String tensor, float value) throws IOException {
        new SafetensorsWriter().add(tensor, Tensor.of(new float[] {value}, 1)).write(folder.resolve(name));
    }
}
