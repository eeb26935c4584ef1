package io.github.pastkv.tests.golden;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.testkit.golden.Closeness;
import io.github.pastkv.testkit.golden.GoldenFiles;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import io.github.pastkv.testkit.reference.GoldenTensors;
import io.github.pastkv.testkit.reference.HfCase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Config settings that no case of {@code golden/hf} covers: random switches of the families, against transformers; and
 * against {@code tools/reference/variants.py} Bloom with post-norm residuals, OPT with norms after the blocks, without
 * norm weights, and with embeddings of another width.
 */
@Tag("kernels")
class VariantGoldenTest {
    @TempDir private Path folder;

    static Stream<Arguments> kernels() {
        return KernelsUnderTest.names().stream().map(Arguments::of);
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void bloom_withNormedResidual_givesTheReferencesLogits(String kernels) throws IOException {
        Path variant = GoldenFiles.path("variants/bloom_normed");
        Files.copy(variant.resolve("config.json"), folder.resolve("config.json"));
        Files.copy(HfCase.of("bloom_6heads").folder().resolve("model.safetensors"),
                folder.resolve("model.safetensors"));
        requireLogits(folder, variant, kernels);
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void opt_withNormsBehindAndProjections_givesTheReferencesLogits(String kernels) throws IOException {
        Path variant = GoldenFiles.path("variants/opt_normed");
        requireLogits(variant, variant, kernels);
    }

    static List<String> switchedFamilies() throws IOException {
        try (Stream<Path> folders = Files.list(GoldenFiles.path("switches"))) {
            return folders.map(folder -> folder.getFileName().toString()).sorted().toList();
        }
    }

    /** Switches of a family that its cases of {@code golden/hf} leave at other values. */
    @ParameterizedTest
    @MethodSource("switchedFamilies")
    void otherSwitches_giveTheLogitsOfTransformers(String family) throws IOException {
        Path folder = GoldenFiles.path("switches/" + family);
        requireLogits(folder, folder, KernelsUnderTest.fastest());
    }

    private static void requireLogits(Path model, Path variant, String kernels) throws IOException {
        GoldenTensors expected = GoldenTensors.read(variant.resolve("expected.safetensors"));
        try (Model loaded = Model.load(model, ModelOptions.defaults().withKernels(kernels));
                Session session = loaded.newSession()) {
            Closeness.requireClose("logits", session.append(expected.ints("tokens")), expected.floats("logits"));
        }
    }
}
