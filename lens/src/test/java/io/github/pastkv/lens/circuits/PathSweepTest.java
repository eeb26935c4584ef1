package io.github.pastkv.lens.circuits;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.Capture;
import io.github.pastkv.lens.Hook;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.lens.patching.LabeledGrid;
import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.lens.patching.SweepListener;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.io.IOException;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Direct path patching: the bits of full runs, and the numbers of hooks written by hand. */
class PathSweepTest {
    private static final PromptPair PAIR = new PromptPair(new int[] {9, 7, 30, 12, 4}, new int[] {9, 7, 5, 12, 4});
    private static final Metric METRIC = Metric.logitDifference(5, 9);

    private static LabeledGrid run(Model model, CircuitOptions options) {
        try (PathSweep sweep = new PathSweep(model, PAIR, options)) {
            LabeledGrid result = PathSweep.emptyResult(sweep.graph());
            assertThat(sweep.run(result, METRIC, SweepListener.NONE)).isTrue();
            assertThat(result.done().cardinality()).isEqualTo(sweep.graph().numEdges());
            return result;
        }
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.lens.circuits.CircuitSearchTest#searchedModels")
    void edges_haveTheBitsOfFullRuns(String name) throws IOException {
        CircuitOptions options = CircuitOptions.of(1).withMaxRows(5);
        try (Model model = Model.load(GoldenModel.of(name).folder())) {
            assertThat(run(model, options).values()).isEqualTo(run(model, options.withPlain(true)).values());
        }
    }

    @Test
    void edge_carriesWhatTheSenderAddsInTheOtherRun() throws IOException {
        try (Model model = Model.load(GoldenModel.of("gpt2").folder())) {
            LabeledGrid grid = run(model, CircuitOptions.of(1));
            Lens lens = new Lens(model);
            try (CachedRun base = lens.runWithCache(StepInput.tokens(PAIR.clean()), Capture.of("mlp_out0", "result0"));
                    CachedRun other =
                            lens.runWithCache(StepInput.tokens(PAIR.corrupted()), Capture.of("mlp_out0", "result0"))) {
                Tensor block = difference(base, other, "blocks.0.hook_mlp_out");
                assertEdge(grid, lens, "m0", "m1", Hook.edit("blocks.1.hook_mlp_in", (in, _) -> add(in, block)));
                assertEdge(grid, lens, "m0", "output",
                        Hook.edit("blocks.3.hook_resid_post", (in, _) -> add(in, block)));
                Tensor head = difference(base, other, "blocks.0.attn.hook_result").narrow(2, 2, 3);
                assertEdge(grid, lens, "a0.2", "v2.1",
                        Hook.edit("blocks.2.hook_v_input", (in, _) -> add(ofHead(in, 1), head)));
            }
        }
    }

    private static Tensor ofHead(Tensor input, int head) {
        return input.narrow(2, head, head + 1L);
    }

    private static Tensor difference(CachedRun base, CachedRun other, String hook) {
        float[] from = base.activations().get(hook).toFloatArray();
        float[] to = other.activations().get(hook).toFloatArray();
        for (int i = 0; i < to.length; i++) {
            to[i] -= from[i];
        }
        return Tensor.of(to, other.activations().get(hook).shape());
    }

    private static void add(Tensor target, Tensor more) {
        float[] sum = target.toFloatArray();
        float[] added = more.toFloatArray();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += added[i];
        }
        target.copyFrom(Tensor.of(sum, target.shape()));
    }

    private static void assertEdge(LabeledGrid grid, Lens lens, String sender, String receiver, Hook hook) {
        List<List<String>> labels = grid.labels();
        int cell = labels.get(0).indexOf(receiver) * labels.get(1).size() + labels.get(1).indexOf(sender);
        assertThat(grid.values()[cell]).as(sender + " to " + receiver).isCloseTo(metric(lens, hook),
                Offset.offset(1e-4));
        assertThat(Math.abs(grid.values()[cell] - metric(lens))).isGreaterThan(1e-3);
    }

    private static double metric(Lens lens, Hook... hooks) {
        try (Session session = lens.model().newSession()) {
            return METRIC.of(lens.lastLogits(session, StepInput.tokens(PAIR.clean()), hooks).toFloatArray());
        }
    }

    @Test
    void sweepThatIsEnded_goesOnFromWhatIsDone() throws IOException {
        try (Model model = Model.load(GoldenModel.of("llama").folder());
                PathSweep sweep = new PathSweep(model, PAIR, CircuitOptions.of(1))) {
            LabeledGrid result = PathSweep.emptyResult(sweep.graph());
            assertThat(sweep.run(result, METRIC, (numDone, _) -> numDone < 20)).isFalse();
            long numRuns = sweep.numRuns();
            assertThat(result.done().cardinality()).isBetween(20, 60);
            assertThat(sweep.run(result, METRIC, SweepListener.NONE)).isTrue();
            assertThat(sweep.numRuns()).isEqualTo(sweep.graph().numEdges()).isGreaterThan(numRuns);
            assertThat(result.values()).isEqualTo(run(model, CircuitOptions.of(1)).values());
        }
    }
}
