package io.github.pastkv.lens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.PastTensor;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The items of the parity list and the threads of TransformerLens that concern hooks, layers and losses. */
class LensParityTest {
    private static final int[] PREFIX = {17, 42, 5, 61, 8};
    private static final int[] SUFFIX = {33, 9, 71};

    private static Model load(String name) throws IOException {
        return Model.load(GoldenModel.of(name).folder());
    }

    private static int[] joined() {
        return IntStream.concat(Arrays.stream(PREFIX), Arrays.stream(SUFFIX)).toArray();
    }

    private static Hook zeroV() {
        return Hook.edit("v1", (v, _) -> v.copyFrom(Tensor.zeros(v.shape())));
    }

    private static float[] keysAndValues(Session session) {
        try (PastTensor keys = session.cache().entry(1).pastKeys();
                PastTensor values = session.cache().entry(1).pastValues()) {
            float[] all = Arrays.copyOf(keys.toFloatArray(), 2 * keys.toFloatArray().length);
            System.arraycopy(values.toFloatArray(), 0, all, all.length / 2, all.length / 2);
            return all;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama", "bloom", "mistral"})
    void item16_hooksInAFrozenRun_changeItsOutputAndNeverTheCache(String name) throws IOException {
        try (Model model = load(name); Session session = model.newSession()) {
            Lens lens = new Lens(model);
            session.append(PREFIX);
            session.freeze();
            float[] before = keysAndValues(session);
            float[] plain = session.append(SUFFIX).toFloatArray();
            float[] edited = lens.run(session, StepInput.tokens(SUFFIX), zeroV()).logits().toFloatArray();
            assertThat(edited).isNotEqualTo(plain);
            assertThat(keysAndValues(session)).isEqualTo(before);
            assertThat(session.append(SUFFIX).toFloatArray()).isEqualTo(plain);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama", "gpt_neox", "gemma2", "bloom"})
    void items17And39_frozenRunsOverPartOfTheLayers_areExact(String name) throws IOException {
        try (Model model = load(name);
                Session session = model.newSession(SessionOptions.defaults().withBatchSize(2))) {
            AttentionMask prefixMask = AttentionMask.of(new int[][] {{0, 0, 1, 1, 1}, {1, 1, 1, 1, 1}});
            AttentionMask mask = AttentionMask.of(new int[][] {{1, 0, 1}, {1, 1, 1}});
            StepInput suffix = StepInput.tokens(new int[][] {SUFFIX, SUFFIX}, mask);
            session.append(new int[][] {PREFIX, PREFIX}, prefixMask);
            session.freeze();
            Lens lens = new Lens(model);
            float[] whole = lens.run(session, suffix).logits().toFloatArray();
            for (int layer = 0; layer <= model.config().numLayers(); layer++) {
                Tensor stream = lens.stream(session, suffix, layer);
                // the mask of the new slots only: the stored one is the session's
                StepInput rest = new StepInput.Residual(stream, mask, layer);
                assertThat(lens.run(session, rest).logits().toFloatArray()).as("layer " + layer).isEqualTo(whole);
            }
            assertThat(session.size()).isEqualTo(PREFIX.length);
            session.unfreeze();
            assertThatThrownBy(() -> lens.stream(session, suffix, 1)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("stopAtLayer: 1");
            Tensor stream = lens.stream(suffix, -1);
            assertThatThrownBy(() -> lens.run(session, new StepInput.Residual(stream, mask, 1)))
                    .isInstanceOf(IllegalStateException.class).hasMessageContaining("startAtLayer: 1");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "gpt2"})
    void item36_shapesBehindAPast_areNewSlots_andPastAndNewForKeysAndScores(String name) throws IOException {
        try (Model model = load(name); Session session = model.newSession()) {
            session.append(PREFIX);
            long heads = model.config().numHeads();
            long kvHeads = model.config().numKvHeads();
            long dim = model.config().headDim();
            try (CachedRun run = new Lens(model).runWithCache(session, StepInput.tokens(SUFFIX),
                    Capture.of("*", "blocks.*.attn.hook_past_k"))) {
                assertThat(run.get("k0").shape()).containsExactly(1, 3, kvHeads, dim);
                assertThat(run.get("past_k0").shape()).containsExactly(1, 8, kvHeads, dim);
                assertThat(run.get("attn0").shape()).containsExactly(1, heads, 3, 8);
                assertThat(run.get("attn_scores0").get(0, 0, 0, 6)).isEqualTo(Float.NEGATIVE_INFINITY);
                assertThat(run.get("resid_pre0").shape()).containsExactly(1, 3, model.config().hiddenSize());
                if (name.equals("llama")) {
                    assertThat(run.get("rot_k0").shape()).containsExactly(1, 8, kvHeads, dim);
                    assertThat(run.get("rot_q0").shape()).containsExactly(1, 3, heads, dim);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama", "mistral"})
    void item37_editsOfPastAndNewKeysAndValues_actInTheRun_andAreNeverStored(String name) throws IOException {
        try (Model model = load(name); Session session = model.newSession(); Session plain = model.newSession()) {
            session.append(PREFIX);
            plain.append(PREFIX);
            float[] unedited = plain.append(SUFFIX).toFloatArray();
            Lens lens = new Lens(model);
            for (String hook : List.of("blocks.1.attn.hook_past_k", "blocks.1.attn.hook_past_v")) {
                try (Session fork = session.fork()) {
                    // position 2 is of the past: only such a hook can reach it
                    float[] edited = lens.run(fork, StepInput.tokens(SUFFIX), Hook.edit(hook, (past, context) -> past
                            .set(past.get(0, 2, 0, 0) + 3, 0, context.slots().keySlotOf(0, 2), 0, 0))).logits()
                            .toFloatArray();
                    assertThat(edited).as(hook).isNotEqualTo(unedited);
                    // layer 1 itself stores what it would have: its keys and values come from the unedited stream
                    assertThat(keysAndValues(fork)).as(hook).isEqualTo(keysAndValues(plain));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama"})
    void item41_runsWithHooksAndCaches_goOnWhereTheSessionStands(String name) throws IOException {
        try (Model model = load(name); Session session = model.newSession(); Session frozen = model.newSession()) {
            Lens lens = new Lens(model);
            float[] whole = lens.run(StepInput.tokens(joined())).logits().toFloatArray();
            lens.run(session, StepInput.tokens(PREFIX));
            List<String> seen = new ArrayList<>();
            try (Lens.HookHandle _ = lens.add(Hook.observe("resid_pre2", (_, context) -> seen.add(context.name() + "@"
                    + context.position(0, 0)))); CachedRun run = lens.runWithCache(session, StepInput.tokens(SUFFIX),
                            Capture.of("blocks.*.hook_resid_post"))) {
                float[] last = run.logits().toFloatArray();
                assertThat(last).isEqualTo(Arrays.copyOfRange(whole, whole.length - last.length, whole.length));
                assertThat(run.activations().names()).hasSize(model.config().numLayers());
            }
            assertThat(seen).containsExactly("blocks.2.hook_resid_pre@5");
            frozen.append(PREFIX);
            assertThat(session.size()).isEqualTo(PREFIX.length + SUFFIX.length);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama", "gemma3_text"})
    void items54And55_hooksFireAtEveryStepOfGeneration_embeddingHooksToo(String name) throws IOException {
        try (Model model = load(name); Session session = model.newSession()) {
            List<Integer> positions = new ArrayList<>();
            List<Long> lengths = new ArrayList<>();
            new Lens(model).generate(session, new int[][] {PREFIX}, AttentionMask.ones(1, PREFIX.length),
                    GenerationOptions.greedy(4), Hook.observe("hook_embed", (embed, context) -> {
                        positions.add(context.position(0, 0));
                        lengths.add(embed.shape(1));
                    }));
            assertThat(positions).containsExactly(0, 5, 6, 7);
            assertThat(lengths).containsExactly(5L, 1L, 1L, 1L);
        }
    }

    /** Upstream, edits by index differ by 1.6 in logits with the cache on; here the hook knows absolute positions. */
    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama", "gpt_neox"})
    void steeringByPosition_isTheSameWithAndWithoutACache(String name) throws IOException {
        Hook steer = Hook.edit("resid_pre1", (stream, context) -> {
            for (int position = 2; position < 7; position++) {
                int slot = context.slotOf(0, position);
                if (slot >= 0) {
                    stream.set(stream.get(0, slot, 3) + 2f, 0, slot, 3);
                }
            }
        });
        try (Model model = load(name); Session session = model.newSession()) {
            Lens lens = new Lens(model);
            float[] whole = lens.run(StepInput.tokens(joined()), steer).logits().toFloatArray();
            float[] first = lens.run(session, StepInput.tokens(PREFIX), steer).logits().toFloatArray();
            float[] second = lens.run(session, StepInput.tokens(SUFFIX), steer).logits().toFloatArray();
            assertThat(first).isEqualTo(Arrays.copyOf(whole, first.length));
            assertThat(second).isEqualTo(Arrays.copyOfRange(whole, first.length, whole.length));
        }
    }

    /** Defect 5 of the study: loss with a cache crashes upstream, and the boundary token's is never given. */
    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama"})
    void lossesBehindAPast_areThoseOfTheWhole_theBoundaryTokensToo(String name) throws IOException {
        try (Model model = load(name); Session session = model.newSession()) {
            Lens lens = new Lens(model);
            float[] whole = lens.run(StepInput.tokens(joined())).losses().perToken().toFloatArray();
            LensRun prefix = lens.run(session, StepInput.tokens(PREFIX));
            LensRun suffix = lens.run(session, StepInput.tokens(SUFFIX));
            assertThat(prefix.losses().perToken().toFloatArray()).isEqualTo(Arrays.copyOf(whole, 4));
            assertThat(suffix.losses().perToken().toFloatArray()).isEqualTo(Arrays.copyOfRange(whole, 5, 7));
            assertThat(suffix.lossesAfter(prefix).perToken().toFloatArray())
                    .isEqualTo(Arrays.copyOfRange(whole, 4, 7));
            assertThat(suffix.lossesAfter(prefix).numTokens()).isEqualTo(3);
        }
    }

    /** Threads 389 and 772: fully masked rows gave NaN, and a caller's mask with a cache forgot the past. */
    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama", "bloom", "mistral", "gpt_neo", "gemma3_text"})
    void threads389And772_maskedRowsAndMasksBehindAPast_areExact(String name) throws IOException {
        try (Model model = load(name);
                Session session = model.newSession(SessionOptions.defaults().withBatchSize(2))) {
            Lens lens = new Lens(model);
            session.append(new int[][] {PREFIX, PREFIX}, AttentionMask.of(new int[][] {{0, 0, 0, 0, 0},
                {1, 0, 1, 1, 0}}));
            AttentionMask mask = AttentionMask.of(new int[][] {{0, 0, 0}, {0, 1, 1}});
            try (CachedRun run = lens.runWithCache(session, StepInput.tokens(new int[][] {SUFFIX, SUFFIX}, mask),
                    Capture.of("attn0"))) {
                float[] pattern = run.get("attn0").toFloatArray();
                for (float weight : pattern) {
                    assertThat(weight).isNotNaN().isBetween(0f, 1f);
                }
                float[] alone = lens.run(StepInput.tokens(17, 5, 61, 9, 71)).logits().toFloatArray();
                float[] row = run.logits().narrow(0, 1, 2).toFloatArray();
                int vocab = model.config().vocabSize();
                assertThat(Arrays.copyOfRange(row, vocab, 3 * vocab))
                        .isEqualTo(Arrays.copyOfRange(alone, 3 * vocab, 5 * vocab));
                assertThat(run.logits().narrow(0, 0, 1).toFloatArray()).containsOnly(0f);
            }
        }
    }

    /** A hook may mask all that a query sees: it then attends to nothing, and nothing is NaN (thread 389). */
    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama"})
    void thread389_scoresMaskedByAHook_giveAPatternOfZeros(String name) throws IOException {
        try (Model model = load(name)) {
            Hook mask = Hook.edit("attn_scores0", (scores, _) -> {
                for (int key = 0; key < PREFIX.length; key++) {
                    scores.set(Float.NEGATIVE_INFINITY, 0, 1, 3, key);
                }
            });
            try (CachedRun run = new Lens(model).runWithCache(StepInput.tokens(PREFIX), Capture.of("attn0", "z0"),
                    mask)) {
                assertThat(run.get("attn0").narrow(1, 1, 2).narrow(2, 3, 4).toFloatArray()).containsOnly(0f);
                assertThat(run.get("z0").narrow(1, 3, 4).narrow(2, 1, 2).toFloatArray()).containsOnly(0f);
                for (float logit : run.logits().toFloatArray()) {
                    assertThat(logit).isFinite();
                }
            }
        }
    }

    /** Threads 558 and 810: inputs split by head broke with grouped keys. */
    @ParameterizedTest
    @ValueSource(strings = {"llama", "mistral", "qwen3", "gpt2"})
    void threads558And810_splitInputs_workWithGroupedHeads(String name) throws IOException {
        try (Model model = load(name)) {
            Lens lens = new Lens(model);
            int kvHead = model.config().numKvHeads() - 1;
            Hook edit = Hook.edit("blocks.1.hook_v_input", (input, _) -> input.set(9f, 0, 2, kvHead, 3));
            try (CachedRun plain = lens.runWithCache(StepInput.tokens(PREFIX), Capture.of("v1", "k1", "q1"));
                    CachedRun edited =
                            lens.runWithCache(StepInput.tokens(PREFIX), Capture.of("v1", "k1", "q1"), edit)) {
                assertThat(edited.get("q1").toFloatArray()).isEqualTo(plain.get("q1").toFloatArray());
                assertThat(edited.get("k1").toFloatArray()).isEqualTo(plain.get("k1").toFloatArray());
                Tensor before = plain.get("v1");
                Tensor after = edited.get("v1");
                for (int slot = 0; slot < PREFIX.length; slot++) {
                    for (int head = 0; head <= kvHead; head++) {
                        boolean changed = after.get(0, slot, head, 0) != before.get(0, slot, head, 0);
                        assertThat(changed).isEqualTo(slot == 2 && head == kvHead);
                    }
                }
            }
        }
    }

    /** Thread 335: hooks of the first norm fired three times for each block. */
    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama"})
    void thread335_normHooks_fireOnceForEachBlock(String name) throws IOException {
        try (Model model = load(name)) {
            List<String> seen = new ArrayList<>();
            new Lens(model).run(StepInput.tokens(PREFIX),
                    Hook.observe("blocks.*.ln1.hook_scale", (_, context) -> seen.add(context.name().toString())),
                    Hook.observe("blocks.*.hook_q_input", (_, _) -> {}));
            assertThat(seen).hasSize(model.config().numLayers()).doesNotHaveDuplicates();
        }
    }

    /** Threads 483, 820, 1267: with embeddings as input, cached positions were wrong. */
    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama", "bloom", "gemma2"})
    void threads483And820And1267_embeddingsAsInput_countAsTheirTokens_alsoBehindAPast(String name) throws IOException {
        try (Model model = load(name); Session session = model.newSession()) {
            Lens lens = new Lens(model);
            float[] whole = lens.run(StepInput.tokens(joined())).logits().toFloatArray();
            try (CachedRun run = lens.runWithCache(StepInput.tokens(SUFFIX), Capture.of("hook_embed"))) {
                session.append(PREFIX);
                List<Long> seen = new ArrayList<>();
                float[] last = lens.run(session, StepInput.embeddings(run.get("hook_embed")),
                        Hook.observe("hook_embed", (embed, _) -> seen.add(embed.shape(1)))).logits().toFloatArray();
                assertThat(last).isEqualTo(Arrays.copyOfRange(whole, whole.length - last.length, whole.length));
                assertThat(seen).containsExactly(3L);
                assertThat(session.cache().numExactTokens(0)).isEqualTo(PREFIX.length);
            }
        }
    }

    /** Threads 500, 697, 838 and 889 ask for activations of generated tokens. */
    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama"})
    void threads500And697And838And889_activationsOfGeneratedTokens_areThoseOfARunOverThem(String name)
            throws IOException {
        try (Model model = load(name); Session session = model.newSession()) {
            Lens lens = new Lens(model);
            List<float[]> steps = new ArrayList<>();
            Generation generation = lens.generate(session, new int[][] {PREFIX}, AttentionMask.ones(1, PREFIX.length),
                    GenerationOptions.greedy(3), Hook.observe("resid_post1", (stream, _) -> steps.add(
                            stream.toFloatArray())));
            int[] all = IntStream.concat(Arrays.stream(PREFIX),
                    generation.rows().getFirst().tokenIds().stream().limit(2).mapToInt(Integer::intValue)).toArray();
            try (CachedRun run = lens.runWithCache(StepInput.tokens(all), Capture.of("resid_post1"))) {
                float[] whole = run.get("resid_post1").toFloatArray();
                int from = 0;
                for (float[] step : steps) {
                    assertThat(step).isEqualTo(Arrays.copyOfRange(whole, from, from + step.length));
                    from += step.length;
                }
                assertThat(from).isEqualTo(whole.length);
            }
        }
    }
}
