package io.github.pastkv.lens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.lens.circuits.CircuitGraph;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Hooks of latent attention: what may be edited, and what an edit does to the cache. */
class LatentHooksTest {
    static List<String> models() {
        return GoldenModel.LATENT_NAMES;
    }

    @ParameterizedTest
    @MethodSource("models")
    void editOfTheLatent_isStored_andChangesWhatFollows(String name) throws IOException {
        int[] ids = GoldenModel.of(name).tokens();
        Hook zeroed = Hook.edit("blocks.0.attn.hook_latent", (latent, _) -> {
            Tensor third = latent.narrow(1, 2, 3);
            third.copyFrom(Tensor.zeros(third.shape()));
        });
        try (Model model = Model.load(GoldenModel.of(name).folder());
                Session edited = model.newSession();
                Session plain = model.newSession()) {
            Tensor before = new Lens(model).run(plain, StepInput.tokens(ids)).logits();
            Tensor after = new Lens(model).run(edited, StepInput.tokens(ids), zeroed).logits();
            assertThat(after.narrow(1, 0, 2).toFloatArray()).isEqualTo(before.narrow(1, 0, 2).toFloatArray());
            assertThat(after.narrow(1, 2, 3).toFloatArray()).isNotEqualTo(before.narrow(1, 2, 3).toFloatArray());
            assertThat(edited.cache().entry(0).pastValues().get(0, 2, 0, 1)).isZero();
            assertThat(edited.append(7).toFloatArray()).isNotEqualTo(plain.append(7).toFloatArray());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"attn.hook_k", "attn.hook_v"})
    void editOfExpandedKeysOrValues_isRefusedByName(String hook) throws IOException {
        try (Model model = Model.load(GoldenModel.of("deepseek_v3").folder()); Session session = model.newSession()) {
            Hook edit = Hook.edit("blocks.1." + hook, (tensor, _) -> tensor.set(9, 0, 1, 2, 3));
            assertThatThrownBy(() -> new Lens(model).run(session, StepInput.tokens(5, 6, 7), edit))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("hook blocks.1." + hook + ": changed numbers that latent attention does not read; edit "
                            + "blocks.1.attn.hook_latent or blocks.1.attn.hook_rot_latent_k");
            assertThat(session.cache().numTokens(0)).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void circuits_areRefusedByName(String name) throws IOException {
        try (Model model = Model.load(GoldenModel.of(name).folder())) {
            assertThatThrownBy(() -> CircuitGraph.of(model)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("makes the keys and values of all heads from one latent");
        }
    }
}
