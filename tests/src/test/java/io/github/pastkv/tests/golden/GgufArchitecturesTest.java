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
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** GGUF files that llama.cpp's converter made of golden folders: they give the bits of the folder. */
class GgufArchitecturesTest {
    @TempDir private Path folder;

    @ParameterizedTest
    @CsvSource({"apertus, apertus", "arcee-00001-of-00004, arcee", "bloom, bloom", "cohere, cohere",
        "cohere2, cohere2", "cohere_qk_norm, cohere_qk_norm", "ernie4_5, ernie4_5", "exaone4, exaone4",
        "falcon_new_decoder, falcon_new_decoder", "gemma, gemma", "glm, glm", "glm4, glm4",
        "gpt_bigcode, gpt_bigcode", "granite, granite", "hunyuan_v1_dense, hunyuan_v1_dense",
        "llama_joined_qkv, llama", "mpt, mpt", "nemotron, nemotron", "olmo, olmo", "olmo3, olmo3", "phi, phi",
        "seed_oss, seed_oss", "smollm3, smollm3", "stablelm, stablelm",
        "stablelm_parallel_qknorm, stablelm_parallel_qknorm"})
    void convertedFile_givesTheLogitsOfItsFolder(String file, String folder) throws IOException {
        HfCase golden = HfCase.of(folder);
        float[] logits = logits(GoldenFiles.path("gguf/converted/" + file + ".gguf"), golden.tokens());
        assertThat(logits).isEqualTo(logits(golden.folder(), golden.tokens()));
    }

    @ParameterizedTest
    @CsvSource({"converted/apertus.gguf", "converted/falcon_new_decoder.gguf", "converted/gemma.gguf",
        "converted/mpt.gguf", "gpt2_f16/model.gguf", "gemma3_f16/model.gguf", "phi3_longrope_f16/model.gguf",
        "llama_bf16/model.gguf"})
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
