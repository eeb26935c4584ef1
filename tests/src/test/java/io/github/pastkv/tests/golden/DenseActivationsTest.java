package io.github.pastkv.tests.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.Capture;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.Closeness;
import io.github.pastkv.testkit.golden.GoldenFiles;
import io.github.pastkv.testkit.golden.GoldenModel;
import io.github.pastkv.testkit.reference.GoldenTensors;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every standard hook of the further families, at the last positions of the golden prompt, against an independent
 * computation in double precision ({@code tools/reference/dense_activations.py}) that gives transformers' logits.
 */
class DenseActivationsTest {
    private static final int NUM_POSITIONS = 2;

    static List<String> models() {
        return GoldenModel.furtherNames();
    }

    @ParameterizedTest
    @MethodSource("models")
    void activations_areThoseOfTheReference(String name) throws IOException {
        GoldenModel hf = GoldenModel.of(name);
        GoldenTensors golden = GoldenTensors.read(GoldenFiles.path("activations/" + name + ".safetensors"));
        try (Model model = Model.load(hf.folder());
                CachedRun run = new Lens(model).runWithCache(StepInput.tokens(hf.tokens()), Capture.all())) {
            Set<String> names = run.activations().names().stream().map(HookName::toString)
                    .collect(Collectors.toCollection(TreeSet::new));
            assertThat(names).isEqualTo(new TreeSet<>(golden.floatNames()));
            for (String hook : names) {
                double tolerance =
                        hook.endsWith("hook_pattern") ? Closeness.F32_PROBABILITY_TOLERANCE : Closeness.F32_TOLERANCE;
                Closeness.requireClose(hook, lastPositions(hook, run.get(hook), hf.tokens().length),
                        golden.floats(hook), tolerance);
            }
        }
    }

    /** Norms of single heads have rows {@code [N * H, ...]} in the order of positions. */
    private static Tensor lastPositions(String hook, Tensor activation, int numTokens) {
        boolean isPattern = hook.endsWith("hook_attn_scores") || hook.endsWith("hook_pattern"); // [1, H, N, N]
        boolean isRows = activation.rank() == 2;
        int axis = isPattern ? 2 : isRows ? 0 : 1;
        long length = activation.shape(axis);
        long kept = isRows ? NUM_POSITIONS * (length / numTokens) : NUM_POSITIONS;
        return activation.narrow(axis, length - kept, length);
    }
}
