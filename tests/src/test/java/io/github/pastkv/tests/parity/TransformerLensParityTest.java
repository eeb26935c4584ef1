package io.github.pastkv.tests.parity;

import static io.github.pastkv.tests.parity.ParityModels.alone;
import static io.github.pastkv.tests.parity.ParityModels.boxed;
import static io.github.pastkv.tests.parity.ParityModels.joined;
import static io.github.pastkv.tests.parity.ParityModels.prompt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.PastTensor;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.kernels.RopeTable;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.cache.IntegrityExtension;
import io.github.pastkv.testkit.golden.Closeness;
import io.github.pastkv.testkit.golden.GoldenFiles;
import io.github.pastkv.testkit.model.LogitRows;
import io.github.pastkv.testkit.model.PaddedBatch;
import io.github.pastkv.testkit.reference.HfCase;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Behaviors of TransformerLens' cache that need a model, numbered as in docs/parity.md. Where TransformerLens is
 * close, PastKV must be equal in every bit.
 */
class TransformerLensParityTest {
    /** Models that stay open from test to test. */
    private static final String MODELS = "io.github.pastkv.tests.parity.ParityModels#all";
    private static final int[] PREFIX = prompt(0, 7);
    private static final int[] SUFFIX = prompt(7, 12);
    private static final int[] OTHER_SUFFIX = prompt(20, 23);

    @RegisterExtension final IntegrityExtension caches = new IntegrityExtension();

    private Session session(Model model, SessionOptions options) {
        Session session = model.newSession(options);
        KvCache cache = session.cache();
        return caches.watch(session, cache::checkIntegrity);
    }

    private Session session(Model model) {
        return session(model, SessionOptions.defaults());
    }

    private Session batch(Model model, int batchSize) {
        return session(model, SessionOptions.defaults().withBatchSize(batchSize));
    }

    /** A session that holds the prefix. */
    private Session prefixed(Model model) {
        Session session = session(model);
        session.append(PREFIX);
        return session;
    }

    /** What the suffix's logits must be after the prefix. */
    private static LogitRows after(Model model, int[] prefix, int[] suffix) {
        return alone(model, joined(prefix, suffix)).slice(prefix.length, prefix.length + suffix.length);
    }

    private static LogitRows append(Session session, int... tokenIds) {
        return LogitRows.of(session.append(tokenIds));
    }

    private static LogitRows row(Tensor logits, AttentionMask mask, int row) {
        LogitRows rows = new LogitRows();
        rows.addReal(logits, mask, row);
        return rows;
    }

    @Test
    void item1_cacheOfAModel_hasAnEntryPerLayerAndItsKvHeads() {
        Session session = batch(ParityModels.llama(), 3);
        assertThat(session.cache().entries()).hasSize(4);
        try (PastTensor keys = session.cache().entry(3).pastKeys()) {
            assertThat(keys.shape()).containsExactly(3, 0, 2, 8);
        }
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item6_storedKeysAreRotatedAndBiased_valuesBiased(Model model) {
        HfCase golden = ParityModels.golden(model);
        Session session = session(model);
        session.append(golden.tokens());
        AttentionMask mask = session.cache().previousAttentionMask();
        for (int layer = 0; layer < model.config().numLayers(); layer++) {
            try (PastTensor keys = session.cache().entry(layer).pastKeys();
                    PastTensor values = session.cache().entry(layer).pastValues()) {
                Closeness.requireCloseAtReal("keys of layer " + layer, keys, golden.pastKeys(layer), mask);
                Closeness.requireCloseAtReal("values of layer " + layer, values, golden.pastValues(layer), mask);
            }
        }
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item8_clone_isAForkThatGoesItsOwnWay(Model model) {
        Session session = prefixed(model);
        try (Session fork = session.fork()) {
            assertThat(fork.size()).isEqualTo(PREFIX.length);
            append(fork, OTHER_SUFFIX).requireSameBits("fork", after(model, PREFIX, OTHER_SUFFIX));
            append(session, SUFFIX).requireSameBits("original", after(model, PREFIX, SUFFIX));
            assertThat(fork.size()).isEqualTo(PREFIX.length + OTHER_SUFFIX.length);
        }
        assertThat(session.size()).isEqualTo(PREFIX.length + SUFFIX.length);
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item9_cropAndContinue_isExact(Model model) {
        Session session = prefixed(model);
        append(session, OTHER_SUFFIX);
        session.cache().truncate(PREFIX.length);
        append(session, SUFFIX).requireSameBits("cropped", after(model, PREFIX, SUFFIX));
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item9_expandAFrozenRow_isExact(Model model) {
        int[][] suffixes = {SUFFIX, prompt(30, 35), prompt(50, 55)};
        KvCache cache = caches.watch(new KvCache(KvCacheConfig.of(model.config().toKvShape(), 1)
                .withMaxTokens(model.config().maxSeqLen())));
        try (Session one = model.newSession(cache)) {
            one.append(PREFIX);
        }
        cache.freeze();
        cache.selectRows(0, 0, 0);
        try (Session three = model.newSession(cache)) {
            AttentionMask mask = AttentionMask.ones(3, 5);
            Tensor logits = three.append(suffixes, mask);
            for (int row = 0; row < 3; row++) {
                row(logits, mask, row).requireSameBits("row " + row, after(model, PREFIX, suffixes[row]));
            }
        }
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item11_frozenRun_seesThePrefixAndChangesNothing(Model model) {
        Session session = prefixed(model);
        try (PastTensor before = session.cache().entry(2).pastKeys()) {
            session.freeze();
            append(session, SUFFIX).requireSameBits("frozen", after(model, PREFIX, SUFFIX));
            try (PastTensor now = session.cache().entry(2).pastKeys()) {
                assertThat(now.toFloatArray()).isEqualTo(before.toFloatArray());
            }
        }
        assertThat(session.size()).isEqualTo(PREFIX.length);
        assertThat(session.cache().previousAttentionMask()).isEqualTo(AttentionMask.ones(1, PREFIX.length));
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item12_sameSuffixOnFrozenCache_sameBits(Model model) {
        Session session = prefixed(model);
        session.freeze();
        LogitRows first = append(session, SUFFIX);
        append(session, OTHER_SUFFIX).requireSameBits("another length", after(model, PREFIX, OTHER_SUFFIX));
        append(session, SUFFIX).requireSameBits("again", first);
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item13_cachesFrozenAtTheSamePoint_areInterchangeable(Model model) {
        Session one = prefixed(model);
        Session other = session(model);
        for (int tokenId : PREFIX) {
            other.append(tokenId);
        }
        one.freeze();
        other.freeze();
        append(other, SUFFIX).requireSameBits("the other", append(one, SUFFIX));
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item14_afterUnfreeze_theFirstRunIsTheSameAndGrowsTheCache(Model model) {
        Session session = prefixed(model);
        session.freeze();
        LogitRows frozen = append(session, SUFFIX);
        session.unfreeze();
        append(session, SUFFIX).requireSameBits("first after unfreezing", frozen);
        assertThat(session.size()).isEqualTo(12);
        assertThat(append(session, SUFFIX).bits()).isNotEqualTo(frozen.bits());
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item15_frozenEmptyCache_runsAsWithoutACache(Model model) {
        Session session = session(model);
        session.freeze();
        append(session, SUFFIX).requireSameBits("first", alone(model, SUFFIX));
        append(session, SUFFIX).requireSameBits("second", alone(model, SUFFIX));
        assertThat(session.size()).isZero();
    }

    @Test
    void item18_maskOfPastAndNew_isRefusedWithBothShapes() {
        Session session = prefixed(ParityModels.llama());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> session.append(new int[][] {SUFFIX}, AttentionMask.ones(1, 12)))
                .withMessage("tokenIds: row 0 has 5 slots, the mask has 12");
    }

    @Test
    void item19_storedMask_isOldAndNew() {
        Session session = batch(ParityModels.gpt2(), 2);
        session.append(new int[2][3], AttentionMask.of(new int[][] {{0, 1, 1}, {1, 1, 0}}));
        session.append(new int[2][2], AttentionMask.of(new int[][] {{1, 0}, {1, 1}}));
        assertThat(session.cache().previousAttentionMask()).hasToString("[2, 5] 01110 11011");
        session.freeze();
        session.append(new int[2][2], AttentionMask.of(new int[][] {{1, 0}, {1, 1}}));
        assertThat(session.cache().previousAttentionMask()).hasToString("[2, 5] 01110 11011");
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item20_padIdsInAPrompt_areRealTokensWhereverTheyStand(Model model) {
        int[] withPadAndEnd = {0, 0, 9, 0, 17, 2, 0};
        Session session = session(model);
        append(session, withPadAndEnd).requireSameBits("one step", alone(model, withPadAndEnd));
        assertThat(session.numTokens(0)).isEqualTo(7);
        Session stepwise = session(model);
        LogitRows logits = new LogitRows();
        for (int tokenId : withPadAndEnd) {
            logits.add(stepwise.append(tokenId));
        }
        logits.requireSameBits("one by one", alone(model, withPadAndEnd));
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item22_laterTokens_changeNothingBefore(Model model) {
        alone(model, joined(PREFIX, SUFFIX)).first(7)
                .requireSameBits("another end", alone(model, joined(PREFIX, OTHER_SUFFIX)).first(7));
        assertThat(after(model, PREFIX, SUFFIX).bits()).isNotEqualTo(after(model, prompt(1, 8), SUFFIX).bits());
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item23_fullyMaskedRow_isZeroAndDisturbsNobody(Model model) {
        Session session = batch(model, 2);
        AttentionMask mask = AttentionMask.of(new int[][] {{0, 0, 0, 0, 0}, {1, 1, 1, 1, 1}});
        Tensor logits = session.append(new int[][] {SUFFIX, SUFFIX}, mask);
        assertThat(logits.narrow(0, 0, 1).toFloatArray()).containsOnly(0);
        row(logits, mask, 1).requireSameBits("the other row", alone(model, SUFFIX));
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item24_maskedTokens_areAsIfTheyWereNotThere(Model model) {
        Session session = session(model);
        session.append(new int[][] {PREFIX}, masked(7));
        append(session, SUFFIX).requireSameBits("masked prefix", alone(model, SUFFIX));
        Session holed = session(model);
        AttentionMask hole = AttentionMask.of(new int[][] {{1, 1, 0, 1, 1}});
        int[] without = {SUFFIX[0], SUFFIX[1], SUFFIX[3], SUFFIX[4]};
        row(holed.append(new int[][] {SUFFIX}, hole), hole, 0).requireSameBits("hole", alone(model, without));
    }

    private static AttentionMask masked(int numSlots) {
        return AttentionMask.of(new int[1][numSlots]);
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item25_padsOnEitherSideOfPrefixAndSuffix_changeNothing(Model model) {
        int[][] prefixes = {PREFIX, prompt(40, 43)};
        int[][] suffixes = {prompt(60, 62), SUFFIX};
        for (PaddedBatch prefix : List.of(PaddedBatch.left(prefixes), PaddedBatch.right(prefixes))) {
            for (PaddedBatch suffix : List.of(PaddedBatch.left(suffixes), PaddedBatch.right(suffixes))) {
                Session session = batch(model, 2);
                session.append(prefix.tokenIds(), prefix.mask());
                Tensor logits = session.append(suffix.tokenIds(), suffix.mask());
                for (int row = 0; row < 2; row++) {
                    row(logits, suffix.mask(), row).requireSameBits(
                            prefix.mask() + ", " + suffix.mask() + ", row " + row,
                            after(model, prefixes[row], suffixes[row]));
                }
            }
        }
    }

    @Test
    void item31_ropeTable_growsToThePositionsInUse() {
        double[] inverseFrequencies = {1, 0.1, 0.003};
        try (Arena arena = Arena.ofConfined()) {
            RopeTable table = new RopeTable(inverseFrequencies, 1, 600, arena);
            for (int numPositions : new int[] {1, 5, 256, 257, 600}) {
                table.prepare(numPositions);
                for (int position = 0; position < numPositions; position++) {
                    long offset = table.cosByteOffset(position);
                    for (double frequency : inverseFrequencies) {
                        assertThat(DataType.F32.read(table.segment(position), offset))
                                .isEqualTo((float) StrictMath.cos(position * frequency));
                        assertThat(DataType.F32.read(table.segment(position), offset + 3 * Float.BYTES))
                                .isEqualTo((float) StrictMath.sin(position * frequency));
                        offset += Float.BYTES;
                    }
                }
            }
            assertThatIllegalArgumentException().isThrownBy(() -> table.prepare(601))
                    .withMessage("numPositions: 601, limit 600");
        }
    }

    @Test
    void item32_positionsBeyondTheModels_areRefused_padsAreFree() {
        Model model = ParityModels.gpt2();
        int maxSeqLen = model.config().maxSeqLen();
        Session session = session(model);
        session.append(new int[1][20], AttentionMask.of(new int[1][20]));
        session.append(prompt(0, maxSeqLen));
        assertThat(session.size()).isEqualTo(maxSeqLen + 20);
        assertThatIllegalArgumentException().isThrownBy(() -> session.append(5))
                .withMessageContaining("65").withMessageContaining("64");
        session.append(new int[1][1], masked(1));
        assertThat(session.numTokens(0)).isEqualTo(maxSeqLen);
    }

    @Test
    void item33_secondChunkOfText_getsNoSecondBeginToken(@TempDir Path folder) throws IOException {
        HfCase golden = ParityModels.golden(ParityModels.llama());
        for (String file : List.of("config.json", "model.safetensors")) {
            Files.copy(golden.folder().resolve(file), folder.resolve(file));
        }
        Files.copy(GoldenFiles.path("tokenizer/metaspace_bpe/tokenizer.json"), folder.resolve("tokenizer.json"));
        try (Model model = Model.load(folder); Session session = model.newSession()) {
            assertThat(session.encode("the")).startsWith(1);
            int[] whole = session.encode("the men and the cat");
            int[] first = session.encode("the men");
            session.append(1, 5); // this small model's vocabulary is not that of the tokenizer
            assertThat(session.encode("the")).doesNotContain(1);
            assertThat(session.encode(" and the cat"))
                    .containsExactly(Arrays.copyOfRange(whole, first.length, whole.length));
            session.reset();
            assertThat(session.encode("the")).startsWith(1);
        }
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item34_stepsOfNoneOneOrMany_matchOneFullRun(Model model) {
        LogitRows full = alone(model, joined(PREFIX, SUFFIX));
        Session session = session(model);
        LogitRows pieces = append(session, PREFIX);
        assertThat(session.append(new int[0]).shape()).containsExactly(0, model.config().vocabSize());
        pieces.add(session.append(SUFFIX));
        pieces.requireSameBits("7 + 0 + 5", full);
        session.reset();
        LogitRows single = new LogitRows();
        for (int tokenId : joined(PREFIX, SUFFIX)) {
            single.add(session.append(tokenId));
        }
        single.requireSameBits("12 x 1", full);
    }

    @Test
    void item35_logits_areThoseOfTheNewSlotsOnly() {
        Session session = batch(ParityModels.llama(), 2);
        session.append(new int[2][7]);
        assertThat(session.append(new int[2][3]).shape()).containsExactly(2, 3, 109);
    }

    @Test
    void item38_failedStep_leavesMaskAndKeysInStep() {
        Session session = prefixed(ParityModels.llama());
        assertThatIllegalArgumentException().isThrownBy(() -> session.append(5, 999));
        assertThat(session.size()).isEqualTo(PREFIX.length);
        assertThat(session.cache().previousAttentionMask().numSlots()).isEqualTo(PREFIX.length);
        append(session, SUFFIX).requireSameBits("afterward", after(ParityModels.llama(), PREFIX, SUFFIX));
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item44_withoutTokenizerAndMask_allTokensAreReal(Model model) {
        assertThat(model.tokenizer()).isEmpty();
        Session session = prefixed(model);
        assertThat(session.numTokens(0)).isEqualTo(PREFIX.length);
        assertThatIllegalStateException().isThrownBy(() -> session.append("text"))
                .withMessageContaining("has no tokenizer.json");
    }

    @Test
    void item45_anotherBatch_isRefusedWithBothNumbers() {
        Session session = batch(ParityModels.llama(), 2);
        assertThatIllegalArgumentException().isThrownBy(() -> session.append(new int[3][4]))
                .withMessageContaining("3 rows").withMessageContaining("batch of 2");
        assertThatIllegalStateException().isThrownBy(() -> session.append(4, 5)).withMessageContaining("batch of 2");
        assertThat(session.size()).isZero();
    }

    @Test
    void items46And47_cacheOfAnotherModel_isRefusedWithBothShapes() {
        Model model = ParityModels.llama();
        for (KvShape shape : List.of(new KvShape(3, 2, 8), new KvShape(4, 6, 8), new KvShape(4, 2, 16))) {
            KvCache cache = caches.watch(new KvCache(KvCacheConfig.of(shape, 1).withMaxTokens(96)));
            assertThatIllegalArgumentException().isThrownBy(() -> model.newSession(cache))
                    .withMessageContaining(shape.toString())
                    .withMessageContaining("KvShape[numLayers=4, numKvHeads=2, headDim=8]");
        }
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item49_cache_canBePassedInAndHadBack(Model model) {
        HfCase golden = ParityModels.golden(model);
        KvCache cache = caches.watch(new KvCache(KvCacheConfig.of(model.config().toKvShape(), 1)
                .withMaxTokens(model.config().maxSeqLen())));
        try (Session session = model.newSession(cache)) {
            session.append(golden.tokens());
        }
        cache.truncate(golden.tokens().length - 1);
        try (Session session = model.newSession(cache)) {
            int last = golden.tokens()[golden.tokens().length - 1];
            Generation generation = generate(session, 24, new int[][] {{last}});
            assertThat(generation.rows().getFirst().tokenIds()).isEqualTo(boxed(golden.greedy()));
        }
        assertThat(cache.numSlots()).isEqualTo(golden.tokens().length + 23);
    }

    private static Generation generate(Session session, int maxNewTokens, int[][] prompts) {
        return session.generate(prompts, GenerationOptions.greedy(maxNewTokens), GenerationListener.NONE);
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item51_greedyRowsOfABatch_equalEachRowAlone(Model model) {
        int[][] rows = {prompt(0, 9), prompt(30, 33), prompt(50, 56)};
        Session session = batch(model, 3);
        List<GeneratedRow> together = generate(session, 8, rows).rows();
        for (int row = 0; row < 3; row++) {
            Session one = session(model);
            assertThat(together.get(row).tokenIds())
                    .isEqualTo(generate(one, 8, new int[][] {rows[row]}).rows().getFirst().tokenIds());
        }
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item52_finishedRow_takesNoFurtherStorage(Model model) {
        Session session = batch(model, 2);
        List<Integer> tokensOfRow0 = new ArrayList<>();
        GenerationListener endsRow0 = new GenerationListener() {
            @Override
            public boolean onToken(int row, int tokenId) {
                return row != 0 || (tokensOfRow0.add(tokenId) && tokensOfRow0.size() < 3);
            }
        };
        Generation generation = session.generate(new int[][] {PREFIX, SUFFIX}, GenerationOptions.greedy(20), endsRow0);
        assertThat(generation.rows().getFirst().tokenIds()).hasSize(3).isEqualTo(tokensOfRow0);
        assertThat(session.numTokens(0)).isEqualTo(7 + 2);
        assertThat(generation.rows().getLast().tokenIds()).hasSize(20);
        assertThat(session.numTokens(1)).isEqualTo(5 + 19);
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item58_failureInsideGenerate_leavesTheSessionUsable(Model model) {
        Session session = session(model);
        GenerationListener failing = new GenerationListener() {
            @Override
            public boolean onToken(int row, int tokenId) {
                throw new UnsupportedOperationException("listener");
            }
        };
        assertThatThrownBy(() -> session.generate(new int[][] {PREFIX}, GenerationOptions.greedy(4), failing))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThat(session.size()).isEqualTo(PREFIX.length);
        append(session, SUFFIX).requireSameBits("afterward", after(model, PREFIX, SUFFIX));
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item2_storageType_isTheSessionsOwn(Model model) {
        for (DataType type : new DataType[] {DataType.F32, DataType.F16, DataType.BF16}) {
            Session session = session(model, SessionOptions.defaults().withKvType(KvType.of(type)));
            session.append(PREFIX);
            try (PastTensor values = session.cache().entry(1).pastValues()) {
                for (float value : values.toFloatArray()) {
                    assertThat(type.round(value)).isEqualTo(value);
                }
            }
        }
    }
}
