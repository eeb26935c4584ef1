package io.github.pastkv.lens.patching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.Capture;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.testkit.golden.GoldenFiles;
import io.github.pastkv.testkit.golden.GoldenModel;
import io.github.pastkv.testkit.golden.Mechanism;
import io.github.pastkv.testkit.model.TestScale;
import io.github.pastkv.testkit.reference.GoldenTensors;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Patching over a frozen prefix: TransformerLens' numbers, and the bits of full, separate runs. */
class PatchSweepTest {
    private static final Offset<Double> TOLERANCE = Offset.offset(2e-4);
    private static final List<String> EVERY_GRID = List.of("resid_pre", "resid_post", "attn_out", "mlp_out",
            "layer_out", "attn_out_all_pos", "mlp_out_all_pos", "layer_out_all_pos", "head_all_pos_every",
            "head_by_pos_every");

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama"})
    void grids_areThoseOfTransformerLens(String name) throws IOException {
        GoldenTensors golden = GoldenTensors.read(GoldenFiles.path("patching/" + name).resolve("grids.safetensors"));
        PromptPair pair = new PromptPair(golden.intRows("clean_tokens")[0], golden.intRows("corrupted_tokens")[0]);
        Metric metric = PatchingCase.read(name).metric();
        try (Model model = Model.load(GoldenModel.of(name).folder());
                PatchSweep sweep = PatchSweep.ofPair(model, pair, false, SweepOptions.defaults())) {
            for (String grid : golden.floatNames()) {
                if (!grid.endsWith("_logits")) {
                    float[] expected = golden.floats(grid).toFloatArray();
                    double[] actual = run(sweep, PatchGrid.named(grid).getFirst(), pair.clean(), metric).values();
                    assertThat(actual).hasSameSizeAs(expected);
                    for (int i = 0; i < expected.length; i++) {
                        assertThat(actual[i]).as("%s %d", grid, i).isCloseTo(expected[i], TOLERANCE);
                    }
                }
            }
        }
    }

    /** Keys and values that are made from latents cannot be patched. */
    private static List<PatchGrid> grids(Model model) {
        return EVERY_GRID.stream().flatMap(each -> PatchGrid.named(each).stream())
                .filter(grid -> model.config().attention().latent() == null || !grid.name().matches("head_[kv]_.*"))
                .toList();
    }

    private static GridResult run(PatchSweep sweep, PatchGrid grid, int[] sourceIds, Metric metric) {
        try (CachedRun source = sweep.sourceRun(sourceIds, grid)) {
            return sweep.run(grid, PatchSource.ofRun(source.activations()), metric);
        }
    }

    static Stream<Arguments> modelsAndTypes() {
        List<String> models = Mechanism.modelNames();
        List<String> inTypes = List.of("gpt2", "llama", "mistral");
        List<KvType> types = List.of(KvType.F16, KvType.BF16, KvType.Q8);
        return Stream.concat(
                IntStream.range(0, models.size()).mapToObj(i -> Arguments.of(models.get(i), KvType.F32, i)),
                IntStream.range(0, inTypes.size() * types.size())
                        .mapToObj(i -> Arguments.of(inTypes.get(i / 3), types.get(i % 3), i)));
    }

    @ParameterizedTest
    @MethodSource("modelsAndTypes")
    void runsOverThePrefix_haveTheBitsOfFullRuns(String name, KvType type, int number) throws IOException {
        SweepOptions fast = SweepOptions.defaults().withKvType(type).withMaxBatchBytes(60_000);
        try (Model model = Model.load(GoldenModel.of(name).folder())) {
            PromptPair pair = randomPair(model.config().vocabSize());
            Metric metric = Metric.logitDifference(5, 9);
            try (PatchSweep overPrefix = PatchSweep.ofPair(model, pair, true, fast);
                    PatchSweep plain = PatchSweep.ofPair(model, pair, true, fast.withPlain(true))) {
                for (PatchGrid grid : TestScale.everyOther(grids(model), number)) {
                    assertThat(run(overPrefix, grid, pair.corrupted(), metric).values()).as(grid.name())
                            .isEqualTo(run(plain, grid, pair.corrupted(), metric).values());
                }
                assertThat(overPrefix.numTokensRun()).isLessThan(plain.numTokensRun() / 2);
            }
        }
    }

    /** Nine tokens that differ at the fourth. */
    private static PromptPair randomPair(int vocabSize) {
        int[] clean = new Random(3).ints(9, 4, vocabSize).toArray();
        int[] corrupted = clean.clone();
        corrupted[3] = clean[3] == 4 ? 5 : 4;
        return new PromptPair(clean, corrupted);
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.testkit.golden.Mechanism#modelNames")
    void ablations_haveTheBitsOfFullRuns(String name) throws IOException {
        try (Model model = Model.load(GoldenModel.of(name).folder())) {
            int[] ids = randomPair(model.config().vocabSize()).clean();
            int[] other = new Random(5).ints(ids.length, 4, model.config().vocabSize()).toArray();
            Metric metric = Metric.logitDifference(5, 9);
            SweepOptions options = SweepOptions.defaults();
            try (PatchSweep overPrefix = new PatchSweep(model, ids, 0, options);
                    PatchSweep plain = new PatchSweep(model, ids, 0, options.withPlain(true))) {
                for (String grid : List.of("head_out_all_pos", "head_pattern_by_pos", "layer_out", "resid_pre")) {
                    PatchGrid patched = PatchGrid.named(grid).getFirst();
                    try (CachedRun ofBase = plain.sourceRun(ids, patched);
                            CachedRun ofOther = plain.sourceRun(other, patched)) {
                        ActivationMean mean = new ActivationMean();
                        mean.add(ofBase.activations());
                        mean.add(ofOther.activations());
                        for (PatchSource source : List.of(PatchSource.zeros(ofBase.activations()), mean)) {
                            assertThat(overPrefix.run(patched, source, metric).values()).as(grid)
                                    .isEqualTo(plain.run(patched, source, metric).values());
                        }
                    }
                }
            }
        }
    }

    @Test
    void someCells_haveTheNumbersOfTheWholeGrid() throws IOException {
        try (Model model = Model.load(GoldenModel.of("llama").folder())) {
            PromptPair pair = randomPair(model.config().vocabSize());
            PatchGrid grid = PatchGrid.named("head_out_by_pos").getFirst();
            try (PatchSweep sweep = PatchSweep.ofPair(model, pair, false, SweepOptions.defaults());
                    CachedRun source = sweep.sourceRun(pair.clean(), grid)) {
                PatchSource from = PatchSource.ofRun(source.activations());
                Metric metric = Metric.loss(7);
                GridResult whole = sweep.run(grid, from, metric);
                long numRuns = sweep.numRuns();
                List<int[]> indices = List.of(new int[] {1, 8, 2}, new int[] {0, 3, 0}, new int[] {1, 0, 1});
                assertThat(sweep.runCells(grid, indices, from, metric))
                        .containsExactly(whole.get(1, 8, 2), whole.get(0, 3, 0), whole.get(1, 0, 1));
                assertThat(sweep.numRuns() - numRuns).isLessThan(8);
                assertThatThrownBy(() -> sweep.runCells(grid, List.of(new int[] {1, 9, 2}), from, metric))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("9 of position, must be in [0, 9)");
                assertThatThrownBy(() -> sweep.runCells(grid, List.of(new int[] {1, 2}), from, metric))
                        .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("2 numbers");
            }
        }
    }

    @Test
    void mean_ofRunsThatDoNotFit_isRefused_andAddsNothing() throws IOException {
        try (Model model = Model.load(GoldenModel.of("llama").folder())) {
            Lens lens = new Lens(model);
            ActivationMean mean = new ActivationMean();
            HookName hook = HookName.parse("z", 0);
            assertThatThrownBy(() -> mean.at(hook)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("at least one");
            try (CachedRun three = lens.runWithCache(StepInput.tokens(new int[] {4, 5, 6}), Capture.of("z0", "k0"));
                    CachedRun two = lens.runWithCache(StepInput.tokens(new int[] {4, 5}), Capture.of("z0", "k0"));
                    CachedRun less = lens.runWithCache(StepInput.tokens(new int[] {4, 5, 7}), Capture.of("q0"))) {
                mean.add(three.activations());
                assertThatThrownBy(() -> mean.add(two.activations())).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("the runs before had [1, 3, ");
                assertThatThrownBy(() -> mean.add(less.activations())).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("the runs before had none");
                assertThat(mean.numRuns()).isOne();
                assertThat(mean.at(hook).toFloatArray()).isEqualTo(three.activations().get(hook).toFloatArray());
            }
        }
    }

    @Test
    void patternCells_byDestinationAndSource_haveTheBitsOfFullRuns() throws IOException {
        try (Model model = Model.load(GoldenModel.of("gpt2").folder())) {
            PromptPair pair = randomPair(model.config().vocabSize());
            Metric metric = Metric.probability(7);
            PatchGrid grid = PatchGrid.named("head_pattern_dest_src_pos").getFirst();
            try (PatchSweep overPrefix = PatchSweep.ofPair(model, pair, false, SweepOptions.defaults());
                    PatchSweep plain = PatchSweep.ofPair(model, pair, false, SweepOptions.defaults().withPlain(true))) {
                double[] values = run(overPrefix, grid, pair.clean(), metric).values();
                assertThat(values).isEqualTo(run(plain, grid, pair.clean(), metric).values());
                assertThat(values).hasSize(4 * 5 * 9 * 9);
            }
        }
    }

    @Test
    void sweepThatIsEndedByItsListener_keepsWhatIsDone_andGoesOn() throws IOException {
        try (Model model = Model.load(GoldenModel.of("llama").folder())) {
            PromptPair pair = randomPair(model.config().vocabSize());
            Metric metric = Metric.rank(7);
            PatchGrid grid = PatchGrid.named("resid_pre").getFirst();
            try (PatchSweep sweep = PatchSweep.ofPair(model, pair, false, SweepOptions.defaults());
                    CachedRun source = sweep.sourceRun(pair.clean(), grid)) {
                PatchSource from = PatchSource.ofRun(source.activations());
                GridResult result = sweep.emptyResult(grid);
                assertThat(sweep.run(result, from, metric, (_, _) -> false)).isFalse();
                assertThat(result.isComplete()).isFalse();
                assertThat(result.numDone()).isPositive();
                assertThat(sweep.run(result, from, metric, (_, _) -> true)).isTrue();
                assertThat(result.values()).isEqualTo(sweep.run(grid, from, metric).values());
            }
        }
    }

    @Test
    void metricThatGivesNaN_countsAsDone() throws IOException {
        try (Model model = Model.load(GoldenModel.of("llama").folder())) {
            PromptPair pair = randomPair(model.config().vocabSize());
            PatchGrid grid = PatchGrid.named("resid_pre").getFirst();
            try (PatchSweep sweep = PatchSweep.ofPair(model, pair, false, SweepOptions.defaults());
                    CachedRun source = sweep.sourceRun(pair.clean(), grid)) {
                PatchSource from = PatchSource.ofRun(source.activations());
                GridResult result = sweep.emptyResult(grid);
                assertThat(result.numDone()).isZero();
                assertThat(sweep.run(result, from, _ -> Double.NaN, SweepListener.NONE)).isTrue();
                assertThat(result.isComplete()).isTrue();
                long numRuns = sweep.numRuns();
                assertThat(sweep.run(result, from, _ -> Double.NaN, SweepListener.NONE)).isTrue();
                assertThat(sweep.numRuns()).isEqualTo(numRuns).isPositive();
            }
        }
    }

    @Test
    void promptsThatCannotBePatched_areRefused() throws IOException {
        assertThatThrownBy(() -> new PromptPair(new int[] {1, 2}, new int[] {1, 2, 3}))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("3 tokens, clean has 2");
        assertThatThrownBy(() -> new PromptPair(new int[] {1, 2}, new int[] {1, 2}))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("must differ");
        assertThatThrownBy(() -> PatchGrid.named("resid")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'resid', known are resid_pre, ");
        try (Model model = Model.load(GoldenModel.of("gpt_neox").folder());
                PatchSweep sweep = PatchSweep.ofPair(model, randomPair(90), false, SweepOptions.defaults())) {
            assertThatThrownBy(() -> sweep.emptyResult(PatchGrid.named("resid_mid").getFirst()))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("blocks.0.hook_resid_mid");
        }
    }
}
