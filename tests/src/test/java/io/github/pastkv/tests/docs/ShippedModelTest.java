package io.github.pastkv.tests.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.Capture;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.lens.LogitLens;
import io.github.pastkv.lens.Prediction;
import io.github.pastkv.lens.TokenLabels;
import io.github.pastkv.lens.patching.GridResult;
import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.PatchGrid;
import io.github.pastkv.lens.patching.PatchSource;
import io.github.pastkv.lens.patching.PatchSweep;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.lens.patching.SweepOptions;
import io.github.pastkv.model.Model;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.model.TinyModelFolder;
import java.io.IOException;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What docs/coming-from-transformerlens.md says of heads of the shipped model, as numbers. */
class ShippedModelTest {
    private static final String CLEAN = "When Mary and John went to the store, John gave a drink to";
    private static final String CORRUPTED = "When Mary and John went to the store, Mary gave a drink to";
    private static final Offset<Double> PERCENT = Offset.offset(0.005);

    private static Model model;
    private static Lens lens;

    @BeforeAll
    static void load() throws IOException {
        model = Model.load(TinyModelFolder.require());
        lens = new Lens(model);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static int greatest(Tensor pattern, int head, int query) {
        int best = 0;
        for (int key = 1; key <= query; key++) {
            best = pattern.get(0, head, query, key) > pattern.get(0, head, query, best) ? key : best;
        }
        return best;
    }

    @Test
    void head0OfLayer1_isAnInductionHead() {
        String text = "Tom saw a red bird, an old box and a blue boat. "
                + "Tom saw a red bird, an old box and a blue boat.";
        int[] ids = lens.encode(text);
        assertThat(ids).hasSize(29);
        try (CachedRun run = lens.runWithCache(text, Capture.of("pattern1"))) {
            Tensor pattern = run.get("pattern1");
            int numInductive = 0;
            for (int query = 16; query < ids.length; query++) {
                int key = greatest(pattern, 0, query);
                numInductive += key > 0 && key - 1 < query && ids[key - 1] == ids[query] && key != query ? 1 : 0;
            }
            assertThat(numInductive).isEqualTo(11);
            assertThat((double) pattern.get(0, 0, 16, 3)).isCloseTo(0.64, PERCENT);
        }
    }

    @Test
    void heads01And11_moveTheName_andNoOtherDoes() {
        int[] clean = lens.encode(CLEAN);
        int mary = TokenLabels.singleToken(model, " Mary");
        int john = TokenLabels.singleToken(model, " John");
        try (CachedRun run = lens.runWithCache(CLEAN, Capture.of("pattern1"))) {
            assertThat((double) run.get("pattern1").get(0, 1, 13, 9)).isCloseTo(0.96, PERCENT);
            assertThat(clean[9]).isEqualTo(clean[3]).isEqualTo(john);
        }
        PatchGrid grid = PatchGrid.named("head_out_all_pos").getFirst();
        PromptPair pair = new PromptPair(clean, lens.encode(CORRUPTED));
        try (PatchSweep sweep = PatchSweep.ofPair(model, pair, false, SweepOptions.defaults());
                CachedRun source = sweep.sourceRun(clean, grid)) {
            Metric metric = Metric.logitDifference(mary, john);
            GridResult result = sweep.run(grid, PatchSource.ofRun(source.activations()), metric);
            double unpatched = metric.of(sweep.baseLogits());
            for (int layer = 0; layer < model.config().numLayers(); layer++) {
                for (int head = 0; head < model.config().numHeads(); head++) {
                    boolean isMover = head == 1 && layer <= 1;
                    assertThat(result.get(layer, head) > 0).as("head %d.%d", layer, head).isEqualTo(isMover);
                    if (!isMover) {
                        assertThat(result.get(layer, head)).isCloseTo(unpatched, Offset.offset(1.0));
                    }
                }
            }
            assertThat(result.get(5, 0)).as("the sink").isCloseTo(unpatched, Offset.offset(0.2));
        }
    }

    @Test
    void head0OfLayer5_isASink() {
        String text = "When Mary and John went to the shop. John gave a ball to";
        int[] ids = lens.encode(text);
        try (CachedRun run = lens.runWithCache(text, Capture.of("pattern5"))) {
            Tensor pattern = run.get("pattern5");
            assertThat((double) pattern.get(0, 0, ids.length - 1, 0)).isCloseTo(0.56, PERCENT);
            int numToTheFirst = 0;
            for (int query = 1; query < ids.length; query++) {
                numToTheFirst += greatest(pattern, 0, query) == 0 ? 1 : 0;
            }
            assertThat(numToTheFirst).isEqualTo(7);
            assertThat(ids).hasSize(14);
        }
    }

    @Test
    void logitLens_hasTheAnswerFromLayer1On() {
        LogitLens logitLens = LogitLens.of(model, lens.encode(CLEAN), 3);
        for (int row = 0; row < logitLens.layers().size(); row++) {
            Prediction best = logitLens.predictions().get(row).getLast().getFirst();
            assertThat(TokenLabels.of(model, best.tokenId())).as(logitLens.layers().get(row))
                    .isEqualTo(row < 2 ? " to" : " Mary");
        }
    }
}
