package io.github.pastkv.lens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.kernels.weights.WeightMatrices;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.family.FfnTensors;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Hooks on a lens: whose they are, their order, what goes wrong, and what becomes of the cache then. */
class LensTest {
    private static final int[] TOKENS = {17, 42, 5, 61, 8, 30};

    private static Model model;

    @BeforeAll
    static void load() throws IOException {
        model = Model.load(GoldenModel.of("llama").folder());
    }

    @AfterAll
    static void free() {
        model.close();
    }

    @Test
    void twoLenses_doNotSeeEachOthersHooks() {
        List<String> seen = new ArrayList<>();
        Lens one = new Lens(model);
        Lens other = new Lens(model);
        try (Lens.HookHandle _ = one.add(Hook.observe("hook_embed", (_, _) -> seen.add("one")))) {
            other.run(StepInput.tokens(TOKENS));
            assertThat(seen).isEmpty();
            one.run(StepInput.tokens(TOKENS));
            assertThat(seen).containsExactly("one");
        }
        one.run(StepInput.tokens(TOKENS));
        assertThat(seen).containsExactly("one");
        one.add(Hook.observe("hook_embed", (_, _) -> seen.add("stays")));
        one.run(StepInput.tokens(TOKENS));
        one.run(StepInput.tokens(TOKENS));
        one.removeAll();
        one.run(StepInput.tokens(TOKENS));
        assertThat(seen).containsExactly("one", "stays", "stays");
    }

    @Test
    void severalHooks_runInOrder_eachOnWhatTheOneBeforeLeft() {
        List<Float> seen = new ArrayList<>();
        Lens lens = new Lens(model);
        Tensor ones = Tensor.of(new float[6 * 48], 1, 6, 48);
        try (Lens.HookHandle _ = lens.add(Hook.replace("resid_pre1", (_, _) -> ones))) {
            lens.run(StepInput.tokens(TOKENS), Hook.observe("resid_pre1", (x, _) -> seen.add(x.get(0, 2, 5))),
                    Hook.edit("resid_pre1", (x, _) -> x.set(7, 0, 2, 5)),
                    Hook.observe("resid_pre1", (x, _) -> seen.add(x.get(0, 2, 5))));
        }
        assertThat(seen).containsExactly(0f, 7f);
        assertThat(ones.get(0, 2, 5)).as("the caller's own tensor").isZero();
    }

    @Test
    void wrongShape_isAnErrorThatNamesHookAndShapes_andTheCacheIsAsBefore() {
        try (Session session = model.newSession()) {
            session.append(1, 2, 3);
            Lens lens = new Lens(model);
            assertThatThrownBy(() -> lens.run(session, StepInput.tokens(TOKENS),
                    Hook.replace("k2", (_, _) -> Tensor.of(new float[4], 2, 2))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("hook blocks.2.attn.hook_k: returned shape [2, 2], expected [1, 6, 2, 8]");
            assertThat(session.size()).isEqualTo(3);
            session.cache().checkIntegrity();
        }
    }

    @Test
    void throwingHook_leavesTheCacheAsItWas_andTheModelUsable() {
        try (Session session = model.newSession(); Session plain = model.newSession()) {
            session.append(1, 2, 3);
            plain.append(1, 2, 3);
            for (HookName name : model.hooks().names()) {
                assertThatThrownBy(() -> new Lens(model).run(session, StepInput.tokens(TOKENS),
                        Hook.observe(name, (_, context) -> {
                            throw new IllegalStateException("no " + context.name());
                        }))).hasMessage("no " + name);
                assertThat(session.size()).isEqualTo(3);
            }
            session.cache().checkIntegrity();
            assertThat(session.append(TOKENS).toFloatArray()).isEqualTo(plain.append(TOKENS).toFloatArray());
        }
    }

    @Test
    void observer_cannotWrite_andAHookCannotRunTheModel() {
        Lens lens = new Lens(model);
        assertThatThrownBy(() -> lens.run(StepInput.tokens(TOKENS), Hook.observe("z0", (z, _) -> z.set(1, 0, 0, 0, 0))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("read-only");
        assertThatThrownBy(() -> lens.run(StepInput.tokens(TOKENS),
                Hook.observe("z0", (_, _) -> new Lens(model).run(StepInput.tokens(TOKENS)))))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("a hook cannot begin another");
    }

    @Test
    void editingRun_marksWhatItStoresAsDerived_andAnObservingOneDoesNot() {
        try (Session session = model.newSession()) {
            Lens lens = new Lens(model);
            lens.run(session, StepInput.tokens(TOKENS), Hook.observe("*", (_, _) -> {}));
            assertThat(session.cache().numExactTokens(0)).isEqualTo(6);
            lens.run(session, StepInput.tokens(TOKENS), Hook.edit("z0", (_, _) -> {}));
            session.append(TOKENS);
            assertThat(session.cache().numExactTokens(0)).isEqualTo(6);
        }
    }

    @Test
    void editingRun_neitherReadsNorFeedsThePrefixIndex_alsoAfterTheHookIsGone() {
        int[][] prompt = {new Random(31).ints(40, 4, model.config().vocabSize()).toArray()};
        AttentionMask mask = AttentionMask.ones(1, 40);
        Lens lens = new Lens(model);
        Hook edit = Hook.edit("resid_pre0", (stream, _) -> stream.set(1, 0, 0, 0));
        try (Session edited = model.newSession(); Session after = model.newSession()) {
            lens.generate(edited, prompt, mask, GenerationOptions.greedy(2), edit);
            after.prefill(prompt, mask); // feeds the index itself: it is the positive control for what follows
            assertThat(after.numReusedTokens()).isZero();
        }
        try (Session plain = model.newSession(); Session edited = model.newSession()) {
            plain.prefill(prompt, mask);
            assertThat(plain.numReusedTokens()).isPositive();
            lens.generate(edited, prompt, mask, GenerationOptions.greedy(2), edit);
            assertThat(edited.numReusedTokens()).isZero();
        }
    }

    @Test
    void slicesOfSlotsAndRows_areThoseOfTheWhole() {
        Lens lens = new Lens(model);
        StepInput input = StepInput.tokens(new int[][] {TOKENS, {5, 6, 7, 8, 9, 10}});
        try (CachedRun whole = lens.runWithCache(input, Capture.all());
                CachedRun part = lens.runWithCache(input, Capture.all().withSlots(Capture.Range.last())
                        .withRows(Capture.Range.of(1)).withOffHeap())) {
            assertThat(part.get("resid_post3").toFloatArray())
                    .isEqualTo(whole.get("resid_post3").narrow(0, 1, 2).narrow(1, 5, 6).toFloatArray());
            assertThat(part.get("attn2").toFloatArray())
                    .isEqualTo(whole.get("attn2").narrow(0, 1, 2).narrow(2, 5, 6).toFloatArray());
        }
    }

    @ParameterizedTest
    @CsvSource({"k6, blocks.6.attn.hook_k", "scale4ln1, blocks.4.ln1.hook_scale", "attn0, blocks.0.attn.hook_pattern",
        "pre2, blocks.2.mlp.hook_pre", "resid_pre3, blocks.3.hook_resid_pre", "embed, hook_embed",
        "scale, ln_final.hook_scale", "normalized7ln2, blocks.7.ln2.hook_normalized",
        "rot_k1, blocks.1.attn.hook_rot_k",
        "mlp_out5, blocks.5.hook_mlp_out", "key2, blocks.2.attn.hook_k", "blocks.1.hook_mlp_in, blocks.1.hook_mlp_in"})
    void shorthand_isThatOfTransformerLens(String shorthand, String name) {
        assertThat(HookName.parse(shorthand)).hasToString(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "k", "blocks.0.attn.hook_nothing", "hook_k", "blocks.x.attn.hook_k", "ln1"})
    void noName_isRefused(String name) {
        assertThatThrownBy(() -> HookName.parse(name)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + name + "'");
    }

    @Test
    void everyName_isReadBack() {
        for (HookName name : model.hooks().names()) {
            assertThat(HookName.parse(name.toString())).isEqualTo(name);
        }
        assertThat(model.hooks().has(HookName.of(HookPoint.POS_EMBED))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama", "gpt_neox", "qwen3"})
    void parts_addUpToTheStream_andTheirAttributionsToTheLogit(String name) throws IOException {
        try (Model other = Model.load(GoldenModel.of(name).folder());
                CachedRun run = new Lens(other).runWithCache(StepInput.tokens(TOKENS), Capture.all())) {
            int numLayers = other.config().numLayers();
            Residuals residuals = new Residuals(other, run.activations());
            float[] stream = run.get("resid_post" + (numLayers - 1)).toFloatArray();
            requireClose(residuals.decomposed(numLayers).sum().toFloatArray(), stream);
            ResidualStack full = residuals.fullDecomposition(numLayers);
            requireClose(full.sum().toFloatArray(), stream);
            ResidualStack states = residuals.accumulated(numLayers, true);
            assertThat(states.get("final_post").toFloatArray()).isEqualTo(stream);
            requireClose(new Lens(other).run(StepInput.residual(states.get("final_post"), numLayers)).logits()
                    .toFloatArray(), run.logits().toFloatArray());
            float[] parts = residuals.logitAttribution(full, 7, 11).toFloatArray(); // [C, 1, N]
            Tensor logits = run.logits();
            for (int slot = 0; slot < TOKENS.length; slot++) {
                double sum = 0;
                for (int part = 0; part < full.labels().size(); part++) {
                    sum += parts[part * TOKENS.length + slot];
                }
                double bias = normBias(other, 7) - normBias(other, 11);
                assertThat(sum + bias).isCloseTo(logits.get(0, slot, 7) - logits.get(0, slot, 11), within(1e-3));
            }
            ResidualStack neurons = residuals.neuronResults(1, 0, other.config().ffnSize());
            Tensor bias = ((FfnTensors.Dense) other.tensors().layers().get(1).ffn()).down().getFirst().bias();
            float[] out = run.get("mlp_out1").toFloatArray();
            float[] sum = neurons.sum().toFloatArray();
            for (int i = 0; i < out.length; i++) {
                sum[i] += bias == null ? 0 : bias.get(i % other.config().hiddenSize());
            }
            requireClose(sum, out);
        }
    }

    /** What the final norm's bias adds to a logit. */
    private static double normBias(Model other, int tokenId) {
        Tensor bias = other.tensors().finalNorm().bias();
        double sum = 0;
        for (int i = 0; bias != null && i < bias.shape(0); i++) {
            sum += bias.get(i) * (double) WeightMatrices.tensor(other.tensors().head().getFirst()).get(tokenId, i);
        }
        return sum;
    }

    private static void requireClose(float[] actual, float[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).isCloseTo(expected[i], within(2e-4f));
        }
    }

    @Test
    void nullArguments_areRefusedByName() {
        Lens lens = new Lens(model);
        assertNull("text: null", () -> lens.run((String) null));
        assertNull("capture: null", () -> lens.runWithCache(StepInput.tokens(TOKENS), null));
        assertNull("editor: null", () -> Hook.edit("z1", null));
        assertNull("editor: null", () -> Hook.replace("z1", null));
        assertNull("observer: null", () -> Hook.observe("z1", null));
        assertNull("hooks: a name is null", () -> Hook.edit((String) null, (_, _) -> {}));
        try (CachedRun run = lens.runWithCache(StepInput.tokens(TOKENS), Capture.of("z1"))) {
            assertNull("name: null", () -> run.get(null));
        }
        assertThat(model.hooks().toString()).contains("hooks of llama");
    }

    private static void assertNull(String message, ThrowingCallable call) {
        assertThatNullPointerException().isThrownBy(call).withMessage(message);
    }
}
