package io.github.pastkv.model.families;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.kernels.weights.WeightMatrices;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.model.ModelFolder;
import io.github.pastkv.model.TestFiles;
import io.github.pastkv.model.family.FfnTensors;
import io.github.pastkv.model.family.LayerTensors;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.SafetensorsWeights;
import io.github.pastkv.model.files.SafetensorsWriter;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FamilyTensorsTest {
    private static final String LLAMA = """
            {"model_type":"llama","hidden_size":6,"num_attention_heads":4,"num_key_value_heads":2,"head_dim":2,
             "num_hidden_layers":1,"intermediate_size":5,"vocab_size":7,"attention_bias":true,"mlp_bias":true,
             "tie_word_embeddings":TIED}""";

    @TempDir private Path folder;

    @Test
    void gpt2_bareNames_areFoundAndTransposed() throws IOException {
        Path source = TestFiles.resource("hf/gpt2_bare_names");
        try (ModelFolder model = ModelFolder.open(source);
                SafetensorsWeights weights = SafetensorsWeights.open(source)) {
            ModelTensors tensors = model.tensors();
            LayerTensors layer = tensors.layers().get(1);
            WeightMatrix qkv = layer.qkv().getFirst();
            Tensor stored = weights.tensor("h.1.attn.c_attn.weight", 28, 84);

            assertThat(tensors.layers()).hasSize(2);
            assertThat(WeightMatrices.tensor(qkv).shape()).containsExactly(84, 28);
            assertThat(WeightMatrices.tensor(qkv).get(50, 3)).isEqualTo(stored.get(3, 50));
            assertThat(Objects.requireNonNull(qkv.bias()).shape()).containsExactly(84);
            assertThat(WeightMatrices.tensor(dense(layer).down().getFirst()).shape()).containsExactly(28, 112);
            assertThat(Objects.requireNonNull(tensors.embedding().positions()).shape()).containsExactly(52, 28);
            assertThat(tensors.head().getFirst()).isSameAs(tensors.embedding().tokens());
            assertThat(tensors.numParameters()).isEqualTo((193 + 52 + 2) * 28
                    + 2 * (4 * 28 + 28 * 84 + 84 + 28 * 28 + 28 + 28 * 112 + 112 + 112 * 28 + 28));
        }
    }

    @Test
    void llama_partsFollowEachOther() throws IOException {
        try (ModelFolder model = ModelFolder.open(TestFiles.resource("hf/llama_bf16"))) {
            LayerTensors layer = model.tensors().layers().get(4);

            assertThat(layer.qkv()).extracting(part -> part.numOutputs()).containsExactly(32L, 16L, 16L);
            assertThat(dense(layer).up()).extracting(part -> part.numOutputs()).containsExactly(58L, 58L);
            assertThat(Objects.requireNonNull(layer.ffnNorms().before()).bias()).isNull();
            assertThat(model.tensors().embedding().positions()).isNull();
            assertThat(WeightMatrices.tensor(model.tensors().head().getFirst()))
                    .isNotSameAs(model.tensors().embedding().tokens());
        }
    }

    @Test
    void llama_withBiases_readsThem() throws IOException {
        try (ModelFolder model = open(llamaShapes(), true)) {
            LayerTensors layer = model.tensors().layers().getFirst();
            for (List<WeightMatrix> parts : List.of(layer.qkv(), layer.attentionOut(), dense(layer).up(),
                    dense(layer).down())) {
                assertThat(parts).allMatch(part -> part.bias() != null);
            }
        }
    }

    @Test
    void llama_tiedHeadInTheFile_isIgnored() throws IOException {
        Map<String, long[]> shapes = llamaShapes();
        shapes.put("lm_head.weight", new long[] {7, 6});
        shapes.put("model.layers.0.self_attn.rotary_emb.inv_freq", new long[] {1});
        try (ModelFolder model = open(shapes, true)) {
            assertThat(model.tensors().head().getFirst())
                    .isSameAs(model.tensors().embedding().tokens());
        }
    }

    @Test
    void llama_withoutPrefix_isRead() throws IOException {
        Map<String, long[]> bare = new LinkedHashMap<>();
        llamaShapes().forEach((name, shape) -> bare.put(name.replaceFirst("^model\\.", ""), shape));
        try (ModelFolder model = open(bare, true)) {
            assertThat(WeightMatrices.tensor(model.tensors().embedding().tokens()).shape()).containsExactly(7, 6);
        }
    }

    @Test
    void missingTensor_isNamed() {
        refused(llamaShapes(), false, "tensor lm_head.weight: missing, expected [7, 6]; looked in [model.safetensors]");
        Map<String, long[]> shapes = llamaShapes();
        shapes.remove("model.layers.0.mlp.up_proj.bias");
        refused(shapes, true, "tensor model.layers.0.mlp.up_proj.bias: missing, expected [5]");
    }

    @Test
    void wrongShape_isNamed() {
        Map<String, long[]> shapes = llamaShapes();
        shapes.put("model.layers.0.self_attn.k_proj.weight", new long[] {6, 4});
        refused(shapes, true, "tensor model.layers.0.self_attn.k_proj.weight: is F32[6, 4], the configuration asks for "
                + "[4, 6]");
    }

    @Test
    void unknownTensor_isNamed() {
        Map<String, long[]> shapes = llamaShapes();
        shapes.put("model.layers.1.mlp.up_proj.bias", new long[] {5});
        refused(shapes, true, "tensor model.layers.1.mlp.up_proj.bias: the configuration has no place for it");
    }

    private void refused(Map<String, long[]> shapes, boolean tied, String problem) {
        assertThatThrownBy(() -> open(shapes, tied)).isInstanceOf(ModelFormatException.class)
                .hasMessage(folder.resolve("model.safetensors") + ": " + problem
                        + (problem.endsWith("[5]") ? "; looked in [model.safetensors]" : ""));
    }

    private ModelFolder open(Map<String, long[]> shapes, boolean tied) throws IOException {
        Files.writeString(folder.resolve("config.json"), LLAMA.replace("TIED", String.valueOf(tied)));
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsWriter writer = new SafetensorsWriter();
            shapes.forEach(
                    (name, shape) -> writer.add(name, Tensor.allocate(arena, DataType.F32, shape)));
            writer.write(folder.resolve("model.safetensors"));
        }
        return ModelFolder.open(folder);
    }

    private static Map<String, long[]> llamaShapes() {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put("model.embed_tokens.weight", new long[] {7, 6});
        shapes.put("model.norm.weight", new long[] {6});
        shapes.put("model.layers.0.input_layernorm.weight", new long[] {6});
        shapes.put("model.layers.0.post_attention_layernorm.weight", new long[] {6});
        putLinear(shapes, "self_attn.q_proj", 8, 6);
        putLinear(shapes, "self_attn.k_proj", 4, 6);
        putLinear(shapes, "self_attn.v_proj", 4, 6);
        putLinear(shapes, "self_attn.o_proj", 6, 8);
        putLinear(shapes, "mlp.gate_proj", 5, 6);
        putLinear(shapes, "mlp.up_proj", 5, 6);
        putLinear(shapes, "mlp.down_proj", 6, 5);
        return shapes;
    }

    private static void putLinear(Map<String, long[]> shapes, String name, long outputs, long inputs) {
        shapes.put("model.layers.0." + name + ".weight", new long[] {outputs, inputs});
        shapes.put("model.layers.0." + name + ".bias", new long[] {outputs});
    }

    private static FfnTensors.Dense dense(LayerTensors layer) {
        return (FfnTensors.Dense) layer.ffn();
    }
}
