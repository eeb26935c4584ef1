package io.github.pastkv.lens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.engine.StepInput;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogitAttributionTest {
    private static final int[] IDS = {3, 1, 4, 1, 5, 9};

    @TempDir private Path folder;

    @Test
    void parts_addUpToTheLogit_butForTheBiasOfTheFinalNorm() throws IOException {
        try (Model model = Model.load(RandomGpt2.write(folder, 9))) {
            LogitAttribution one = LogitAttribution.of(model, IDS, 7, OptionalInt.empty(), 4);
            LogitAttribution other = LogitAttribution.of(model, IDS, 11, OptionalInt.empty(), 4);
            LogitAttribution difference = LogitAttribution.of(model, IDS, 7, OptionalInt.of(11), 4);
            assertThat(one.components()).hasSize(RandomGpt2.NUM_LAYERS * (RandomGpt2.NUM_HEADS + 1) + 3);
            double logit = new Lens(model).run(StepInput.tokens(IDS)).logits().get(0, 4, 7);
            assertThat(one.total()).isEqualTo(logit);
            // The rest is the norm's bias times the token's row of the head: the same wherever it is read.
            assertThat(LogitAttribution.of(model, IDS, 7, OptionalInt.empty(), 1).rest())
                    .isCloseTo(one.rest(), Offset.offset(1e-4));
            assertThat(difference.rest()).isCloseTo(one.rest() - other.rest(), Offset.offset(1e-4));
            assertThat(difference.valueOf("L2H3")).isCloseTo(one.valueOf("L2H3") - other.valueOf("L2H3"),
                    Offset.offset(1e-4));
            assertThat(difference.strongest(2).getFirst().value()).satisfies(value -> assertThat(Math.abs(value))
                    .isGreaterThanOrEqualTo(Math.abs(difference.strongest(2).getLast().value())));
            assertThatThrownBy(() -> LogitAttribution.of(model, IDS, 7, OptionalInt.empty(), 6))
                    .hasMessage("position: 6, the prompt has 6");
            assertThatThrownBy(() -> LogitAttribution.of(model, IDS, 23, OptionalInt.empty(), 0))
                    .hasMessageContaining("23, the vocabulary has 23");
        }
    }

    @Test
    void topTokens_areSortedAndSumToOne() {
        float[] logits = {0.5f, 2f, -1f, 2f, 1f};
        var all = Prediction.top(logits, 9);
        assertThat(all).extracting(Prediction::tokenId).containsExactly(1, 3, 4, 0, 2);
        assertThat(all.stream().mapToDouble(Prediction::probability).sum()).isCloseTo(1,
                Offset.offset(1e-12));
        assertThat(Prediction.top(logits, 2)).isEqualTo(all.subList(0, 2));
    }
}
