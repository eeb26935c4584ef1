package io.github.pastkv.tests.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.Capture;
import io.github.pastkv.lens.Hook;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.lens.LensRun;
import io.github.pastkv.lens.Prediction;
import io.github.pastkv.lens.ResidualStack;
import io.github.pastkv.lens.Residuals;
import io.github.pastkv.lens.TokenLabels;
import io.github.pastkv.lens.circuits.CircuitOptions;
import io.github.pastkv.lens.circuits.PathSweep;
import io.github.pastkv.lens.patching.ActivationMean;
import io.github.pastkv.lens.patching.GridResult;
import io.github.pastkv.lens.patching.LabeledGrid;
import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.PatchAxis;
import io.github.pastkv.lens.patching.PatchGrid;
import io.github.pastkv.lens.patching.PatchSource;
import io.github.pastkv.lens.patching.PatchSweep;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.lens.patching.SweepListener;
import io.github.pastkv.lens.patching.SweepOptions;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.tinymodel.TinyModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The calls of docs/coming-from-transformerlens.md, compiled and run. Every line there occurs here. */
class TransformerLensCallsTest {
    private static String text = "";

    private static Model model;
    private static Lens lens;

    @BeforeAll
    static void load() throws IOException {
        Path folder = Path.of("target", "tiny-model");
        TinyModel.unpackTo(folder); // or any Hugging Face folder of a supported family
        Model model = Model.load(folder);
        Lens lens = new Lens(model);
        String text = "Mary and John went to the store.";
        TransformerLensCallsTest.model = model;
        TransformerLensCallsTest.lens = lens;
        TransformerLensCallsTest.text = text;
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void runs() {
        int[] ids = lens.encode(text);
        LensRun run = lens.run(text);
        Tensor logits = run.logits(); // [B, N, V]
        double loss = run.loss();
        Tensor lossPerToken = run.losses().perToken(); // [B, N - 1]
        assertThat(logits.shape(1)).isEqualTo(ids.length);
        assertThat(loss).isPositive();
        assertThat(lossPerToken.shape(1)).isEqualTo(ids.length - 1);
    }

    @Test
    void firstLook() {
        LensRun run = lens.run(text);
        List<Prediction> next = run.topPredictions(5);
        List<String> words = TokenLabels.of(model, next.stream().mapToInt(Prediction::tokenId).toArray());
        assertThat(words).hasSize(5).first().isEqualTo(" John");
        assertThat(run).hasToString("LensRun[logits [1, " + lens.encode(text).length + ", 2048]]");
        CachedRun cached = lens.runWithCache(text, Capture.of("pattern", "resid_post"));
        Tensor pattern = cached.get("pattern1"); // [1, H, N, N]
        float weight = pattern.get(0, 1, 4, 2);
        assertThat(weight).isBetween(0f, 1f);
        Tensor head = pattern.narrow(1, 1, 2); // head 1 of layer 1: [1, 1, N, N]
        Tensor probabilities = run.lastLogits().softmax(); // [1, V]
        int best = probabilities.argmax();
        double added = cached.get("resid_post1").sub(cached.get("resid_post0")).norm();
        assertThat(head.toString()).startsWith("F32[1, 1, ").contains("[[[[1.     0.     0. ");
        assertThat(best).isEqualTo(next.getFirst().tokenId());
        assertThat((double) probabilities.get(0, best)).isCloseTo(next.getFirst().probability(), within(1e-6));
        assertThat(added).isPositive();
        Hook ablate = Hook.edit("z1", (z, context) -> z.narrow(2, 0, 1)
                .copyFrom(Tensor.zeros(1, z.shape(1), 1, z.shape(3))));
        double rise = lens.run(text, ablate).loss() - run.loss();
        assertThat(rise).isNotZero();
        Tensor stacked = cached.activations().stacked("resid_post"); // [L, B, N, E]
        assertThat(stacked.shape()).startsWith(6, 1);
        assertThat(stacked.narrow(0, 2, 3).toFloatArray()).isEqualTo(cached.get("resid_post2").toFloatArray());
        int position = lens.positionOf(text, " John");
        assertThat(lens.encode(text)[position]).isEqualTo(TokenLabels.singleToken(model, " John"));
    }

    @Test
    void activations() throws IOException {
        try (CachedRun all = lens.runWithCache(text, Capture.all())) {
            Tensor pattern = all.get("blocks.0.attn.hook_pattern"); // [B, H, N, N]
            Tensor keys = all.activations().get("k", 2); // [B, N, K, D]
            all.activations().save(Path.of("target", "activations.safetensors"));
            assertThat(pattern.shape(2)).isEqualTo(keys.shape(1));
        }
        try (CachedRun some =
                lens.runWithCache(text, Capture.of("blocks.*.hook_resid_post").withSlots(Capture.Range.last()))) {
            assertThat(some.get("resid_post1").shape(1)).isEqualTo(1);
        }
        assertThat(Path.of("target", "activations.safetensors")).exists();
    }

    @Test
    void hooks() {
        Hook ablate = Hook.edit("z1", (z, context) -> z.narrow(2, 0, 1)
                .copyFrom(Tensor.zeros(1, z.shape(1), 1, z.shape(3))));
        LensRun ablated = lens.run(text, ablate);
        try (Lens.HookHandle forAWhile = lens.add(ablate)) {
            LensRun again = lens.run(text);
            assertThat(again.logits().toFloatArray()).isEqualTo(ablated.logits().toFloatArray());
            assertThat(forAWhile).isNotNull();
        }
        lens.removeAll();
        String name = HookName.parse("k", 2).toString(); // blocks.2.attn.hook_k
        assertThat(name).isEqualTo("blocks.2.attn.hook_k");
        assertThat(lens.run(text).logits().toFloatArray()).isNotEqualTo(ablated.logits().toFloatArray());
    }

    @Test
    void pastKeysAndValues() {
        int[] prefix = lens.encode("Mary and John went");
        int[] suffix = model.tokenizer().orElseThrow().encode(" to the store.", false);
        try (Session cache = model.newSession(SessionOptions.defaults())) {
            LensRun first = lens.run(cache, StepInput.tokens(prefix));
            cache.freeze();
            LensRun second = lens.run(cache, StepInput.tokens(suffix)); // stores nothing
            double lossOfSuffix = second.lossesAfter(first).mean(); // with the boundary token
            cache.unfreeze();
            float[] stored = cache.cache().entry(0).pastKeys().toFloatArray(); // [B, pos, K, D], rotated
            cache.cache().truncate(2);
            assertThat(lossOfSuffix).isPositive();
            assertThat(stored).hasSize(prefix.length * model.config().numKvHeads() * model.config().headDim());
            assertThat(cache.size()).isEqualTo(2);
        }
    }

    @Test
    void partsOfTheLayers() {
        Tensor stream = lens.stream(StepInput.tokens(lens.encode(text)), 2); // before layer 2
        LensRun rest = lens.run(StepInput.residual(stream, 2));
        assertThat(rest.logits().toFloatArray()).isEqualTo(lens.run(text).logits().toFloatArray());
    }

    @Test
    void batchesAndGeneration() {
        AttentionMask mask = AttentionMask.of(new int[] {0, 1, 1}, new int[] {1, 1, 1}); // pads anywhere
        LensRun batch = lens.run(StepInput.tokens(new int[][] {{0, 7, 8}, {7, 8, 9}}, mask));
        assertThat(batch.logits().shape(0)).isEqualTo(2);
        try (Session session = model.newSession()) {
            Generation story = lens.generate(session, "Once upon a time", GenerationOptions.greedy(10));
            assertThat(story.rows()).hasSize(1);
        }
    }

    @Test
    void residuals() {
        try (CachedRun run = lens.runWithCache(text, Capture.all())) {
            Residuals residuals = new Residuals(model, run.activations());
            ResidualStack layers = residuals.accumulated(model.config().numLayers(), false);
            ResidualStack parts = residuals.decomposed(model.config().numLayers());
            Tensor attribution = residuals.logitAttribution(parts, 5);
            assertThat(layers.labels()).isNotEmpty();
            assertThat(attribution.shape(0)).isEqualTo(parts.labels().size());
        }
    }

    @Test
    void patching() {
        PromptPair pair = new PromptPair(new int[] {7, 8, 9, 10}, new int[] {7, 11, 9, 10});
        Metric metric = Metric.logitDifference(5, 6);
        PatchGrid grid = PatchGrid.named("resid_pre").getFirst();
        try (PatchSweep sweep = PatchSweep.ofPair(model, pair, false, SweepOptions.defaults());
                CachedRun clean = sweep.sourceRun(pair.clean(), grid)) {
            GridResult result = sweep.run(grid, PatchSource.ofRun(clean.activations()), metric); // [layer, position]
            assertThat(result.isComplete()).isTrue();
        }
    }

    @Test
    void patchingOfOnesOwn() {
        PromptPair pair = new PromptPair(new int[] {7, 8, 9, 10, 3, 6, 8, 2}, new int[] {7, 11, 9, 10, 3, 6, 8, 2});
        Metric metric = Metric.logitDifference(5, 6);
        PatchGrid grid = new PatchGrid("mlp_post", HookPoint.MLP_POST, List.of(PatchAxis.LAYER, PatchAxis.POSITION));
        List<int[]> prompts = List.of(pair.clean(), pair.corrupted());
        try (PatchSweep sweep = PatchSweep.ofPair(model, pair, false, SweepOptions.defaults());
                CachedRun clean = sweep.sourceRun(pair.clean(), grid)) {
            PatchSource source = PatchSource.ofRun(clean.activations());
            double[] values = sweep.runCells(grid, List.of(new int[] {3, 7}, new int[] {4, 7}), source, metric);
            ActivationMean mean = new ActivationMean();
            for (int[] prompt : prompts) {
                try (CachedRun run = sweep.sourceRun(prompt, grid)) {
                    mean.add(run.activations());
                }
            }
            GridResult ablated = sweep.run(grid, mean, metric);
            assertThat(values).hasSize(2);
            assertThat(ablated.isComplete()).isTrue();
        }
    }

    @Test
    void pathPatching() {
        PromptPair pair = new PromptPair(new int[] {7, 8, 9, 10}, new int[] {7, 11, 9, 10});
        Metric metric = Metric.logitDifference(5, 6);
        try (PathSweep paths = new PathSweep(model, pair, CircuitOptions.of(1))) {
            LabeledGrid edges = PathSweep.emptyResult(paths.graph());
            paths.run(edges, metric, SweepListener.NONE);
            assertThat(edges.done().cardinality()).isEqualTo(paths.graph().numEdges());
        }
    }
}
