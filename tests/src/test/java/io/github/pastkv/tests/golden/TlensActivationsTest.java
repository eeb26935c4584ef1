package io.github.pastkv.tests.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.lens.ActivationCache;
import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.Capture;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.hooks.HookFilter;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.Closeness;
import io.github.pastkv.testkit.golden.GoldenFiles;
import io.github.pastkv.testkit.golden.GoldenModel;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import io.github.pastkv.testkit.reference.GoldenTensors;
import io.github.pastkv.testkit.reference.HfCase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every activation and loss that TransformerLens recorded for the golden prompts. */
@Tag("kernels")
class TlensActivationsTest {
    private static final Set<String> NOT_HOOKS = Set.of("logits", "loss", "loss_per_token");

    static Stream<Arguments> cases() {
        return GoldenModel.TLENS_NAMES.stream().flatMap(
                name -> KernelsUnderTest.names().stream().map(kernels -> Arguments.of(name, kernels)));
    }

    static Stream<Arguments> optInCases() {
        return cases().filter(
                arguments -> Files.exists(optInFile(String.valueOf(arguments.get()[0]))));
    }

    private static Path optInFile(String name) {
        return GoldenFiles.path("tlens/" + name).resolve("activations_optin.safetensors");
    }

    private static Model load(String name, String kernels) throws IOException {
        return Model.load(HfCase.of(name).folder(), ModelOptions.defaults().withKernels(kernels));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void activations_areGolden(String name, String kernels) throws IOException {
        GoldenTensors golden = GoldenTensors.read(GoldenFiles.path("tlens/" + name).resolve("activations.safetensors"));
        try (Model model = load(name, kernels);
                CachedRun run = new Lens(model).runWithCache(StepInput.tokens(golden.intRows("tokens")),
                        Capture.all())) {
            Set<String> expected = new TreeSet<>(golden.floatNames());
            expected.removeAll(NOT_HOOKS);
            requireGolden(run.activations(), expected, golden);
            assertThat(names(run.activations())).isEqualTo(expected);
            Closeness.requireClose("logits", run.logits(), golden.floats("logits"), Closeness.F32_TOLERANCE);
            Closeness.requireClose("loss per token", run.run().losses().perToken(), golden.floats("loss_per_token"),
                    Closeness.F32_TOLERANCE);
            assertThat(run.run().loss()).isCloseTo(golden.floats("loss").get(0), within());
        }
    }

    private static org.assertj.core.data.Offset<Double> within() {
        return org.assertj.core.data.Offset.offset(Closeness.F32_TOLERANCE);
    }

    @ParameterizedTest
    @MethodSource("optInCases")
    void optInActivations_areGolden(String name, String kernels) throws IOException {
        GoldenTensors standard =
                GoldenTensors.read(GoldenFiles.path("tlens/" + name).resolve("activations.safetensors"));
        GoldenTensors golden = GoldenTensors.read(optInFile(name));
        try (Model model = load(name, kernels);
                CachedRun run = new Lens(model).runWithCache(StepInput.tokens(standard.intRows("tokens")),
                        Capture.of(HookFilter.all().withOptIn()))) {
            requireGolden(run.activations(), golden.floatNames(), golden);
            Set<String> optIn = run.activations().names().stream()
                    .filter(hook -> hook.point().kind() == HookPoint.Kind.OPT_IN && hook.point() != HookPoint.TOKENS)
                    .map(HookName::toString).collect(Collectors.toSet());
            assertThat(optIn).isEqualTo(golden.floatNames());
            Tensor tokens = run.get("hook_tokens");
            int[] ids = golden.ints("hook_tokens");
            assertThat(tokens.shape()).containsExactly(1, ids.length);
            for (int slot = 0; slot < ids.length; slot++) {
                assertThat(tokens.get(0, slot)).isEqualTo(ids[slot]);
            }
        }
    }

    private static void requireGolden(ActivationCache activations, Set<String> names, GoldenTensors golden) {
        for (String name : names) {
            double tolerance = name.endsWith("hook_pattern")
                    ? Closeness.F32_PROBABILITY_TOLERANCE
                    : Closeness.F32_TOLERANCE;
            Closeness.requireClose(name, activations.get(name), golden.floats(name), tolerance);
        }
    }

    private static Set<String> names(ActivationCache activations) {
        List<String> names = activations.names().stream().map(HookName::toString).toList();
        assertThat(new HashSet<>(names)).hasSameSizeAs(names);
        return new TreeSet<>(names);
    }
}
