package io.github.pastkv.lens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Hooks of routers and experts: what they show adds up, and what they change is what is computed. */
class ExpertHooksTest {
    private static final Capture PARTS = Capture.of("blocks.*.mlp.*", "blocks.*.hook_mlp_out");

    static List<String> models() {
        return GoldenModel.EXPERT_NAMES;
    }

    /** The first layer with experts. */
    private static int layerOf(Model model) {
        int layer = 0;
        while (model.config().layer(layer).experts() == null) {
            layer++;
        }
        return layer;
    }

    private static ExpertsConfig experts(Model model) {
        return Objects.requireNonNull(model.config().experts());
    }

    private static Tensor mlpOut(Model model, StepInput input, Hook... hooks) {
        try (CachedRun run = new Lens(model).runWithCache(input, PARTS, hooks)) {
            return run.get("blocks." + layerOf(model) + ".hook_mlp_out").copy();
        }
    }

    private static Hook edit(Model model, HookPoint point, Hook.InPlaceEditor editor) {
        return Hook.edit(HookName.of(point, layerOf(model)), editor);
    }

    @ParameterizedTest
    @MethodSource("models")
    void outputsTimesWeights_inOrderOfExperts_areTheBlocksOutput(String name) throws IOException {
        GoldenModel golden = GoldenModel.of(name);
        try (Model model = Model.load(golden.folder());
                CachedRun run = new Lens(model).runWithCache(StepInput.tokens(golden.tokens()), PARTS)) {
            String layer = "blocks." + layerOf(model) + ".";
            Tensor weights = run.get(layer + "mlp.hook_expert_weights"); // [1, N, C]
            Tensor indices = run.get(layer + "mlp.hook_expert_indices");
            Tensor outputs = run.get(layer + "mlp.hook_expert_out"); // [1, N, C, E]
            Tensor out = run.get(layer + "hook_mlp_out");
            boolean scalesInput = experts(model).router().scalesInput();
            for (int token = 0; token < golden.tokens().length; token++) {
                for (int i = 0; i < model.config().hiddenSize(); i++) {
                    float sum = 0f;
                    for (int expert = 0; expert < experts(model).numExperts(); expert++) {
                        for (int c = 0; c < experts(model).numChosen(); c++) {
                            if (indices.get(0, token, c) == expert) {
                                float weight = scalesInput ? 1f : weights.get(0, token, c);
                                sum = Math.fma(weight, outputs.get(0, token, c, i), sum);
                            }
                        }
                    }
                    if (experts(model).shared().size() > 0) {
                        sum += run.get(layer + "mlp.hook_shared_expert_out").get(0, token, i);
                    }
                    sum *= model.config().layer(0).blockScale();
                    assertThat(out.get(0, token, i)).isEqualTo(sum);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void looking_andPuttingBackTheSame_changeNoBit(String name) throws IOException {
        GoldenModel golden = GoldenModel.of(name);
        StepInput input = StepInput.tokens(golden.tokens());
        try (Model model = Model.load(golden.folder())) {
            float[] plain = new Lens(model).run(input).logits().toFloatArray();
            assertThat(new Lens(model).run(input, Hook.observe("*", (_, _) -> {})).logits().toFloatArray())
                    .isEqualTo(plain);
            assertThat(new Lens(model).run(input, Hook.replace("blocks.*.mlp.*", (x, _) -> x.copy())).logits()
                    .toFloatArray()).isEqualTo(plain);
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void placesOfExperts_doNotMatter(String name) throws IOException {
        GoldenModel golden = GoldenModel.of(name);
        StepInput input = StepInput.tokens(golden.tokens());
        Hook.InPlaceEditor turn = (x, _) -> {
            Tensor old = x.copy();
            long numChosen = x.shape(2);
            for (int token = 0; token < x.shape(1); token++) {
                for (int c = 0; c < numChosen; c++) {
                    x.set(old.get(0, token, (c + 1) % numChosen), 0, token, c);
                }
            }
        };
        try (Model model = Model.load(golden.folder())) {
            Tensor turned = mlpOut(model, input, edit(model, HookPoint.EXPERT_WEIGHTS, turn),
                    edit(model, HookPoint.EXPERT_INDICES, turn));
            assertThat(turned.toFloatArray()).isEqualTo(mlpOut(model, input).toFloatArray());
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void anExpertWithoutOutput_isOneWithoutWeight(String name) throws IOException {
        GoldenModel golden = GoldenModel.of(name);
        StepInput input = StepInput.tokens(golden.tokens());
        try (Model model = Model.load(golden.folder())) {
            Hook withoutOutput = edit(model, HookPoint.EXPERT_OUT, (x, _) -> clear(x.narrow(2, 0, 1)));
            Hook withoutWeight = edit(model, HookPoint.EXPERT_WEIGHTS, (x, _) -> clear(x.narrow(2, 0, 1)));
            float[] ablated = mlpOut(model, input, withoutOutput).toFloatArray();
            assertThat(mlpOut(model, input, withoutWeight).toFloatArray()).isEqualTo(ablated);
            assertThat(mlpOut(model, input).toFloatArray()).isNotEqualTo(ablated);
        }
    }

    private static void clear(Tensor x) {
        x.copyFrom(Tensor.zeros(x.shape()));
    }

    @ParameterizedTest
    @MethodSource("models")
    void aLargerLogit_orAnotherIndex_runsAnotherExpert(String name) throws IOException {
        GoldenModel golden = GoldenModel.of(name);
        StepInput input = StepInput.tokens(golden.tokens());
        try (Model model = Model.load(golden.folder())) {
            int last = experts(model).numExperts() - 1;
            String layer = "blocks." + layerOf(model) + ".mlp.";
            Hook larger = edit(model, HookPoint.ROUTER_LOGITS, (x, _) -> {
                for (int token = 0; token < x.shape(1); token++) {
                    for (int expert = 0; expert <= last; expert++) {
                        x.set(expert == last ? 1000 : -1000, 0, token, expert);
                    }
                }
            });
            try (CachedRun run = new Lens(model).runWithCache(input, PARTS, larger)) {
                for (int token = 0; token < golden.tokens().length; token++) {
                    assertThat(run.get(layer + "hook_expert_indices").narrow(1, token, token + 1L).toFloatArray())
                            .contains(last);
                }
            }
            Hook rotated = edit(model, HookPoint.EXPERT_INDICES, (x, _) -> {
                for (int token = 0; token < x.shape(1); token++) {
                    for (int c = 0; c < x.shape(2); c++) {
                        x.set((x.get(0, token, c) + 1) % (last + 1), 0, token, c);
                    }
                }
            });
            assertThat(mlpOut(model, input, rotated).toFloatArray()).isNotEqualTo(mlpOut(model, input).toFloatArray());
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void indicesThatAreNoExperts_areRefused(String name) throws IOException {
        GoldenModel golden = GoldenModel.of(name);
        StepInput input = StepInput.tokens(golden.tokens());
        try (Model model = Model.load(golden.folder())) {
            int numExperts = experts(model).numExperts();
            assertThatThrownBy(() -> mlpOut(model, input,
                    edit(model, HookPoint.EXPERT_INDICES, (x, _) -> x.set(numExperts, 0, 0, 0))))
                    .hasMessage("hook hook_expert_indices: " + numExperts + ".0 is no expert, the layer has "
                            + numExperts);
            if (experts(model).numChosen() > 1) {
                assertThatThrownBy(() -> mlpOut(model, input,
                        edit(model, HookPoint.EXPERT_INDICES, (x, _) -> x.set(x.get(0, 1, 1), 0, 1, 0))))
                        .hasMessageContaining("is chosen twice for one token");
            }
        }
    }
}
