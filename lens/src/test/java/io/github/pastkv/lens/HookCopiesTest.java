package io.github.pastkv.lens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tensors that hooks keep, as TransformerLens' users do, hold the numbers of their own call. */
class HookCopiesTest {
    private static final StepInput INPUT = StepInput.tokens(new int[] {3, 1, 4, 1, 5});

    @TempDir private Path folder;

    @Test
    void keptTensors_stayAsTheyWere() throws IOException {
        try (Model model = Model.load(RandomGpt2.write(folder, 4))) {
            Lens lens = new Lens(model);
            List<Tensor> kept = new ArrayList<>();
            List<float[]> seen = new ArrayList<>();
            Hook observer = Hook.observe("blocks.*.mlp.hook_post", (activation, _) -> {
                kept.add(activation);
                seen.add(activation.toFloatArray());
            });
            LensRun plain = lens.run(INPUT);
            assertThat(lens.run(INPUT, observer).logits().toFloatArray()).isEqualTo(plain.logits().toFloatArray());
            Hook editor = Hook.edit("blocks.*.attn.hook_z", (activation, _) -> {
                activation.set(7f, 0, 1, 2, 3);
                kept.add(activation);
                seen.add(activation.toFloatArray());
            });
            float[] copied = lens.run(INPUT, editor).logits().toFloatArray();
            lens.run(INPUT);
            assertThat(kept).hasSize(2 * RandomGpt2.NUM_LAYERS);
            for (int i = 0; i < kept.size(); i++) {
                assertThat(kept.get(i).toFloatArray()).as("kept tensor %d", i).isEqualTo(seen.get(i));
            }
            assertThat(copied).isNotEqualTo(plain.logits().toFloatArray())
                    .isEqualTo(lens.run(INPUT, editor.withoutCopy()).logits().toFloatArray());
        }
    }

    @Test
    void observer_mayNotWrite() throws IOException {
        try (Model model = Model.load(RandomGpt2.write(folder, 4))) {
            Hook writes = Hook.observe("z0", (activation, _) -> activation.set(1, 0, 0, 0, 0));
            assertThatThrownBy(() -> new Lens(model).run(INPUT, writes)).isInstanceOf(RuntimeException.class);
            assertThatThrownBy(() -> new Lens(model).run(INPUT, writes.withoutCopy()))
                    .isInstanceOf(RuntimeException.class);
        }
    }

    @Test
    void activationWithoutItsLayer_meansThatOfAllLayers() throws IOException {
        try (Model model = Model.load(RandomGpt2.write(folder, 4));
                CachedRun run = new Lens(model).runWithCache(INPUT, Capture.of("resid_post", "pattern", "k1"))) {
            assertThat(run.activations().names()).hasSize(2 * RandomGpt2.NUM_LAYERS + 1);
            assertThatThrownBy(() -> Capture.of("resid_pots").filter().in(model.hooks()))
                    .hasMessageContaining("'resid_pots' is neither a name");
        }
    }
}
