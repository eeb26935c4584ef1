package io.github.pastkv.tests.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelConversion;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.testkit.golden.Closeness;
import io.github.pastkv.testkit.golden.GoldenFiles;
import io.github.pastkv.testkit.reference.GgufCase;
import io.github.pastkv.testkit.reference.HfCase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** GGUF files that llama.cpp's converter made of golden folders: they give the bits of the folder. */
class GgufArchitecturesTest {
    @TempDir private Path folder;

    @ParameterizedTest
    @CsvSource({"apertus, apertus", "arcee-00001-of-00004, arcee", "bloom, bloom", "cohere, cohere",
        "cohere2, cohere2", "cohere_qk_norm, cohere_qk_norm", "deepseek_v2, deepseek_v2",
        "deepseek_v2_lite, deepseek_v2_lite", "deepseek_v3, deepseek_v3", "ernie4_5, ernie4_5",
        "ernie4_5_moe, ernie4_5_moe", "exaone4, exaone4", "falcon_new_decoder, falcon_new_decoder", "gemma, gemma",
        "glm, glm", "glm4, glm4", "glm4_moe, glm4_moe", "gpt_bigcode, gpt_bigcode", "granite, granite",
        "granitemoe, granitemoe", "hunyuan_v1_dense, hunyuan_v1_dense", "llama_joined_qkv, llama",
        "mixtral, mixtral", "mpt, mpt", "nemotron, nemotron", "olmo, olmo", "olmo3, olmo3", "phi, phi",
        "qwen2_moe, qwen2_moe", "qwen3_moe_joined, qwen3_moe", "seed_oss, seed_oss", "smollm3, smollm3",
        "stablelm, stablelm",
        "stablelm_parallel_qknorm, stablelm_parallel_qknorm"})
    void convertedFile_givesTheLogitsOfItsFolder(String file, String folder) throws IOException {
        HfCase golden = HfCase.of(folder);
        float[] logits = logits(GoldenFiles.path("gguf/converted/" + file + ".gguf"), golden.tokens());
        assertThat(logits).isEqualTo(logits(golden.folder(), golden.tokens()));
    }

    /** Settings that GGUF has no keys for: the folder with those that llama.cpp takes for granted. */
    static Stream<Arguments> changedSettings() {
        return Stream.of(
                Arguments.of("olmoe", Map.of("\"clip_qkv\": 1.3", "\"clip_qkv\": null", "\"rms_norm_eps\": 0.001",
                        "\"rms_norm_eps\": 1e-5")),
                Arguments.of("dots1", Map.of("\"sliding_attention\"", "\"full_attention\"",
                        "\"sliding_window\": 6", "\"sliding_window\": null")),
                Arguments.of("phimoe", Map.of("\"router_jitter_noise\": 0.2", "\"router_jitter_noise\": 0.01")),
                Arguments.of("llama4_text", Map.of("\"attention_chunk_size\": 8", "\"attention_chunk_size\": 8192",
                        "\"floor_scale\": 4", "\"floor_scale\": 8192", "\"attn_scale\": 0.5",
                        "\"attn_scale\": 0.1")));
    }

    @ParameterizedTest
    @MethodSource("changedSettings")
    void convertedFile_takesSettingsThatItLacksForGranted(String name, Map<String, String> changes)
            throws IOException {
        HfCase golden = HfCase.of(name);
        String config = Files.readString(golden.folder().resolve("config.json"));
        for (Map.Entry<String, String> change : changes.entrySet()) {
            assertThat(config).contains(change.getKey());
            config = config.replace(change.getKey(), change.getValue());
        }
        Files.writeString(folder.resolve("config.json"), config);
        Files.copy(golden.folder().resolve("model.safetensors"), folder.resolve("model.safetensors"));
        float[] logits = logits(GoldenFiles.path("gguf/converted/" + name + ".gguf"), golden.tokens());
        assertThat(logits).isEqualTo(logits(folder, golden.tokens()));
    }

    @ParameterizedTest
    @CsvSource({"converted/apertus.gguf", "converted/falcon_new_decoder.gguf", "converted/gemma.gguf",
        "converted/mpt.gguf", "gpt2_f16/model.gguf", "gemma3_f16/model.gguf", "phi3_longrope_f16/model.gguf",
        "llama_bf16/model.gguf", "qwen3moe_f16/model.gguf", "gpt_oss_f32/model.gguf",
        "converted/granitemoe.gguf", "converted/llama4_text.gguf", "converted/deepseek_v3.gguf"})
    void floatsWrittenToAFolder_giveTheLogitsOfTheFile(String name) throws IOException {
        Path file = GoldenFiles.path("gguf/" + name);
        Path written = folder.resolve("written");
        ModelConversion.toFolder(file, written, Set.of(), (_, _) -> {});
        int[] tokens = {5, 17, 33, 9, 40};
        assertThat(logits(written, tokens)).isEqualTo(logits(file, tokens));
    }

    @ParameterizedTest
    @CsvSource({"preset_q2_k", "narrow_mxfp4"})
    void blocksWrittenToAFolder_giveTheGoldenLogits(String name) throws IOException {
        GgufCase gguf = GgufCase.of(name);
        Path written = folder.resolve("written");
        ModelConversion.toFolder(gguf.file(), written, Set.of(), (_, _) -> {});
        try (Model model = Model.load(written, ModelOptions.defaults().withKernels("vector"));
                Session session = model.newSession()) {
            Closeness.requireClose("logits", session.append(gguf.tokens()), gguf.logits());
        }
    }

    private static float[] logits(Path model, int[] tokens) throws IOException {
        try (Model loaded = Model.load(model, ModelOptions.defaults().withKernels("vector"));
                Session session = loaded.newSession()) {
            return session.append(tokens).toFloatArray();
        }
    }
}
