package io.github.pastkv.tests.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.KvCacheEntry;
import io.github.pastkv.cache.PastTensor;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelFolder;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.family.LatentExpansion;
import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.Closeness;
import io.github.pastkv.testkit.golden.GoldenModel;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import io.github.pastkv.testkit.reference.HfCase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Logits, caches and generations against Hugging Face transformers in double precision, on an f32 cache. */
class HfGoldenTest {
    @TempDir private Path oldSpelling;

    /**
     * The first families on all kernels, and in the older spelling of their configuration on one; of the others, whose
     * operations are compared between kernels elsewhere, one spelling on one, as {@link #bothSpellings_areTheSameModel}
     * compares the two.
     */
    static Stream<Arguments> cases() {
        Stream<Arguments> first = GoldenModel.NAMES.stream().map(HfCase::of).flatMap(
                hf -> Stream.concat(onAllKernels(hf), Stream.of(Arguments.of(hf, true, "vector"))));
        return Stream.concat(first,
                GoldenModel.furtherNames().stream().map(HfCase::of).map(hf -> Arguments.of(hf, false, "vector")));
    }

    private static Stream<Arguments> onAllKernels(HfCase hf) {
        return KernelsUnderTest.names().stream().map(kernels -> Arguments.of(hf, false, kernels));
    }

    static Stream<String> furtherNames() {
        return GoldenModel.furtherNames().stream();
    }

    @ParameterizedTest
    @MethodSource("furtherNames")
    void bothSpellings_areTheSameModel(String name) throws IOException {
        HfCase hf = HfCase.of(name);
        try (ModelFolder newer = ModelFolder.open(hf.folder());
                ModelFolder older = ModelFolder.open(hf.copyWithOldConfig(oldSpelling.resolve(name)))) {
            assertThat(older.config()).isEqualTo(newer.config());
        }
    }

    @ParameterizedTest
    @MethodSource("furtherNames")
    void olderSpelling_givesTheSameBits(String name) throws IOException {
        HfCase hf = HfCase.of(name);
        try (Model newer = load(hf, false, "vector");
                Model older = load(hf, true, "vector");
                Session ofNewer = newer.newSession();
                Session ofOlder = older.newSession()) {
            assertThat(ofOlder.append(hf.tokens()).toFloatArray())
                    .isEqualTo(ofNewer.append(hf.tokens()).toFloatArray());
        }
    }

    private Model load(HfCase hf, boolean oldConfig, String kernels) throws IOException {
        Path folder = oldConfig ? hf.copyWithOldConfig(oldSpelling.resolve(hf.toString())) : hf.folder();
        return Model.load(folder, ModelOptions.defaults().withKernels(kernels));
    }

    @Tag("kernels")
    @ParameterizedTest(name = "{0}, config.v4.json: {1}, {2}")
    @MethodSource("cases")
    void prompt_givesGoldenLogitsKeysAndValues(HfCase hf, boolean oldConfig, String kernels) throws IOException {
        try (Model model = load(hf, oldConfig, kernels); Session session = model.newSession()) {
            Closeness.requireClose("logits", session.append(hf.tokens()), hf.logits());
            assertThat(session.cache().entries()).hasSize(model.config().numLayers());
            AttentionMask mask = session.cache().previousAttentionMask();
            session.cache().entries().forEach(entry -> {
                if (session.cache().config().shape().isLatent()) {
                    requireGoldenLatents(hf, model, entry);
                } else {
                    requireGoldenPast(hf, entry, mask);
                }
            });
        }
    }

    /** Falcon's reference repeats key/value heads for every query head before it caches them. */
    private static Tensor distinctHeads(Tensor past, long numHeads) {
        long repeats = past.shape(2) / numHeads;
        if (repeats == 1) {
            return past;
        }
        Tensor distinct = Tensor.of(new float[Math.toIntExact(past.numElements() / repeats)], past.shape(0),
                past.shape(1), numHeads, past.shape(3));
        for (int head = 0; head < numHeads; head++) {
            distinct.narrow(2, head, head + 1L).copyFrom(past.narrow(2, head * repeats, head * repeats + 1));
        }
        return distinct;
    }

    private static void requireGoldenPast(HfCase hf, KvCacheEntry entry, AttentionMask mask) {
        String layer = " of layer " + entry.layer();
        try (PastTensor keys = entry.pastKeys(); PastTensor values = entry.pastValues()) {
            Tensor expected = distinctHeads(hf.pastKeys(entry.layer()), keys.shape()[2]);
            assertThat(keys.shape()).containsExactly(1, mask.numSlots(), expected.shape(2), expected.shape(3));
            assertThat(keys.firstShownSlot()).isEqualTo(mask.numSlots() - expected.shape(1));
            Closeness.requireCloseAtReal("keys" + layer, keys, expected, mask);
            Closeness.requireCloseAtReal("values" + layer, values,
                    distinctHeads(hf.pastValues(entry.layer()), keys.shape()[2]), mask);
        }
    }

    /** What the cache holds, and the keys and values of all heads that it stands for. */
    private static void requireGoldenLatents(HfCase hf, Model model, KvCacheEntry entry) {
        int layer = entry.layer();
        try (PastTensor past = entry.pastKeys()) {
            long numTokens = past.shape(1);
            Tensor rows = Tensor.zeros(past.shape());
            past.copyTo(rows);
            rows = rows.reshape(numTokens, past.shape(3));
            int latentDim = model.config().toKvShape().latentDim();
            Tensor latents = rows.narrow(1, 0, latentDim);
            Tensor rotaryKeys = rows.narrow(1, latentDim, past.shape(3));
            Closeness.requireClose("latents of layer " + layer, latents, hf.latents(layer));
            Closeness.requireClose("rotary keys of layer " + layer, rotaryKeys, hf.rotaryKeys(layer));
            LatentExpansion expansion =
                    new LatentExpansion(model.config().attention(), model.tensors().layers().get(layer));
            Closeness.requireClose("keys of layer " + layer, expansion.keys(latents, rotaryKeys),
                    rows(hf.pastKeys(layer)));
            Closeness.requireClose("values of layer " + layer, expansion.values(latents), rows(hf.pastValues(layer)));
        }
    }

    /** {@code [1, T, K, D]} as {@code [T, K * D]}. */
    private static Tensor rows(Tensor heads) {
        return Tensor.of(heads.toFloatArray(), heads.shape(1), heads.shape(2) * heads.shape(3));
    }

    @Tag("kernels")
    @ParameterizedTest(name = "{0}, config.v4.json: {1}, {2}")
    @MethodSource("cases")
    void generate_givesGoldenTokens(HfCase hf, boolean oldConfig, String kernels) throws IOException {
        int[] greedy = hf.greedy();
        try (Model model = load(hf, oldConfig, kernels); Session session = model.newSession()) {
            Generation generation = session.generate(new int[][] {hf.tokens()},
                    GenerationOptions.greedy(greedy.length), GenerationListener.NONE);
            assertThat(generation.rows().getFirst().tokenIds()).isEqualTo(Arrays.stream(greedy).boxed().toList());
        }
    }

    @Tag("kernels")
    @ParameterizedTest(name = "{0}, config.v4.json: {1}, {2}")
    @MethodSource("cases")
    void singleSteps_giveGoldenGreedyLogits(HfCase hf, boolean oldConfig, String kernels) throws IOException {
        int[] greedy = hf.greedy();
        try (Model model = load(hf, oldConfig, kernels); Session session = model.newSession()) {
            Tensor prompt = session.append(hf.tokens());
            Closeness.requireClose("prompt", prompt.narrow(0, prompt.shape(0) - 1, prompt.shape(0)),
                    hf.greedyLogits().narrow(0, 0, 1));
            for (int step = 1; step < greedy.length; step++) {
                Closeness.requireClose("step " + step, session.append(greedy[step - 1]),
                        hf.greedyLogits().narrow(0, step, step + 1L));
            }
        }
    }

    @Tag("kernels")
    @ParameterizedTest(name = "{0}, config.v4.json: {1}, {2}")
    @MethodSource("cases")
    void leftPaddedBatch_givesGoldenLogitsAndTokens(HfCase hf, boolean oldConfig, String kernels) throws IOException {
        int[][] greedy = hf.batchGreedy();
        SessionOptions options = SessionOptions.defaults().withBatchSize(greedy.length);
        try (Model model = load(hf, oldConfig, kernels); Session session = model.newSession(options)) {
            Tensor logits = session.append(hf.batchTokens(), hf.batchMask());
            Closeness.requireCloseAtReal("logits", logits, hf.batchLogits(), hf.batchMask());
            session.reset();
            Generation generation = session.generate(hf.batchTokens(), hf.batchMask(),
                    GenerationOptions.greedy(greedy[0].length), GenerationListener.NONE);
            List<List<Integer>> expected = Arrays.stream(greedy).map(row -> Arrays.stream(row).boxed().toList())
                    .toList();
            assertThat(generation.rows()).extracting(GeneratedRow::tokenIds).isEqualTo(expected);
        }
    }

    static Stream<HfCase> all() {
        return GoldenModel.allNames().stream().map(HfCase::of);
    }

    @ParameterizedTest
    @MethodSource("all")
    void forksAndPaddedRows_haveTheBitsOfARowAlone(HfCase hf) throws IOException {
        int[][] padded = hf.batchTokens();
        try (Model model = load(hf, false, "vector");
                Session batch = model.newSession(SessionOptions.defaults().withBatchSize(padded.length))) {
            Tensor logits = batch.append(padded, hf.batchMask());
            for (int row = 0; row < padded.length; row++) {
                int numPads = padded[row].length - hf.batchMask().numReal(row);
                float[] alone = forked(model, Arrays.copyOfRange(padded[row], numPads, padded[row].length));
                float[] ofRow = logits.select(0, row).narrow(0, numPads, padded[row].length).toFloatArray();
                assertThat(ofRow).as("row %d", row).isEqualTo(alone);
            }
        }
    }

    /** Logits of a text in one step, after a check that a fork from its middle goes on with the same bits. */
    private static float[] forked(Model model, int[] tokens) {
        int middle = tokens.length / 2;
        try (Session session = model.newSession(SessionOptions.defaults().withPrefixReuse(false));
                Session whole = model.newSession(SessionOptions.defaults().withPrefixReuse(false))) {
            float[] expected = whole.append(tokens).toFloatArray();
            session.append(Arrays.copyOf(tokens, middle));
            try (Session fork = session.fork()) {
                float[] next = fork.append(tokens[middle]).toFloatArray();
                session.append(tokens[0]); // at the same position, which the fork must not see
                float[] rest = fork.append(Arrays.copyOfRange(tokens, middle + 1, tokens.length)).toFloatArray();
                int from = expected.length - rest.length;
                assertThat(next).as("fork").isEqualTo(Arrays.copyOfRange(expected, from - next.length, from));
                assertThat(rest).as("fork").isEqualTo(Arrays.copyOfRange(expected, from, expected.length));
            }
            return expected;
        }
    }
}
