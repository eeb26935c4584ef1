package io.github.pastkv.testkit.kernels;

import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.layout.TiledKvLayout;
import io.github.pastkv.kernels.AttentionTile;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.ScoreForm;
import io.github.pastkv.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Scores, softmax and values over every storage type, block size and window. Keys and values of other layers and heads
 * are NaN: nothing of them may reach the result.
 */
public abstract class AttentionKernelsContractTest extends KernelsContractTest {
    private static final int LAYERS = 2;
    private static final int KV_HEADS = 3;
    private static final int LAYER = 1;
    private static final int KV_HEAD = 2;
    private static final int ROTARY_DIM = 6;
    private static final ScoreForm FORM = ScoreForm.scaled(0.37f);

    /** A tile: queries at the end of a row of kvLength tokens. */
    private record Case(KvLayout layout, int gqaGroupSize, int numQueries, int kvLength, ScoreForm form) {
        Case(KvType type, int headDim, int blockSize, int gqaGroupSize, int numQueries, int kvLength) {
            this(KvTypes.of(type), headDim, blockSize, gqaGroupSize, numQueries, kvLength);
        }

        Case(KvTypes types, int headDim, int blockSize, int gqaGroupSize, int numQueries, int kvLength) {
            this(new TiledKvLayout(new KvShape(LAYERS, KV_HEADS, headDim), types, blockSize), gqaGroupSize,
                    Math.min(numQueries, kvLength), kvLength, FORM);
        }

        Case with(ScoreForm newForm) {
            return new Case(layout, gqaGroupSize, numQueries, kvLength, newForm);
        }

        /** Values that are part of the keys. */
        static Case latent(KvType type, int latentDim, int blockSize, int gqaGroupSize, int numQueries, int kvLength) {
            return new Case(
                    new TiledKvLayout(KvShape.latent(LAYERS, latentDim, ROTARY_DIM), KvTypes.of(type), blockSize),
                    gqaGroupSize, Math.min(numQueries, kvLength), kvLength, FORM);
        }

        int headDim() {
            return layout.shape().headDim();
        }

        int numKvHeads() {
            return layout.shape().numKvHeads();
        }

        int kvHead() {
            return Math.min(KV_HEAD, numKvHeads() - 1);
        }
    }

    @ParameterizedTest
    @CsvSource({"F32,64,16", "F32,20,1", "F32,14,5", "F32,80,64", "BF16,64,16", "BF16,10,64", "BF16,80,16",
        "BF16,1,16", "BF16,33,16", "BF16,8,5", "F16,64,16", "F16,20,64", "F16,13,16", "F16,4,1", "Q8,64,16",
        "Q8,70,16", "Q8,33,64", "Q8,1,16", "Q8,128,32", "Q8,8,5"})
    void attention_atEdgesOfGroupsAndSpans_givesTheSpecifiedBits(KvType type, int headDim, int blockSize) {
        for (int kvLength : new int[] {1, 2, 15, 16, 17, 31, 32, 33, 255, 256, 257, 272, 513}) {
            compare(new Case(type, headDim, blockSize, 3, 1, kvLength));
            compare(new Case(type, headDim, blockSize, 2, 5, kvLength));
        }
    }

    /** One head for all queries, whose value is the beginning of its key. */
    @ParameterizedTest
    @CsvSource({"F32,64,16", "F32,20,1", "F32,14,5", "F32,80,64", "BF16,64,16", "BF16,10,64", "BF16,33,16", "F16,64,16",
        "F16,13,16", "F16,4,1", "Q8,64,16", "Q8,26,16", "Q8,33,64", "Q8,8,5"})
    void attention_overLatents_givesTheSpecifiedBits(KvType type, int latentDim, int blockSize) {
        for (int kvLength : new int[] {1, 16, 33, 257, 513}) {
            compare(Case.latent(type, latentDim, blockSize, 4, 1, kvLength));
            compare(Case.latent(type, latentDim, blockSize, 6, 3, kvLength));
            compare(Case.latent(type, latentDim, blockSize, 5, 2, kvLength)
                    .with(FORM.withWindow(new KvWindow(40, 3))));
        }
    }

    /** Pasts long enough for four groups and four spans at a time: at their edges, of windows, behind sinks. */
    @ParameterizedTest
    @CsvSource({"F32,64,16", "BF16,64,16", "BF16,128,32", "F16,64,16", "Q8,64,64", "Q8,128,16", "BF16,32,16"})
    void attention_overLongPasts_givesTheSpecifiedBits(KvType type, int headDim, int blockSize) {
        for (int kvLength : new int[] {1024, 1083, 2304}) {
            for (KvWindow window : List.of(KvWindow.NONE, new KvWindow(1050, 0), new KvWindow(1040, 7))) {
                compare(new Case(type, headDim, blockSize, 3, 1, kvLength).with(FORM.withWindow(window)));
                compare(new Case(type, headDim, blockSize, 1, 2, kvLength).with(FORM.withWindow(window)));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"F32,16", "BF16,16", "F16,5", "Q8,16"})
    void attention_withSoftCapAndAlibi_givesTheSpecifiedBits(KvType type, int blockSize) {
        List<ScoreForm> forms = List.of(FORM.withSoftCap(1.5f), FORM.withAlibi(3 * KV_HEADS),
                FORM.withSoftCap(0.7f).withAlibi(3 * KV_HEADS), FORM.withSinkScores(sinkScores()));
        for (ScoreForm form : forms) {
            for (int kvLength : new int[] {1, 15, 17, 33, 255, 257, 513}) {
                compare(new Case(type, 20, blockSize, 3, 1, kvLength).with(form));
                compare(new Case(type, 20, blockSize, 3, 5, kvLength).with(form));
            }
        }
    }

    /** Far below all scores, among them, and above. */
    private static float[] sinkScores() {
        float[] scores = new float[3 * KV_HEADS];
        for (int head = 0; head < scores.length; head++) {
            scores[head] = 4f * head - 9f;
        }
        return scores;
    }

    /** Window, sinks: within a group, at its edges, across spans, sinks in the window's span and in others. */
    @ParameterizedTest
    @CsvSource({"1,0", "2,0", "7,0", "16,0", "17,0", "100,0", "256,0", "300,0", "5,4", "16,16", "40,3", "200,20",
        "30,300", "250,17", "600,4"})
    void attention_overAWindow_givesTheSpecifiedBits(int numTokens, int numSinks) {
        ScoreForm windowed = FORM.withWindow(new KvWindow(numTokens, numSinks));
        ScoreForm capped = windowed.withSoftCap(0.7f).withAlibi(3 * KV_HEADS);
        for (int kvLength : new int[] {1, 17, 32, 33, 255, 257, 272, 800}) {
            for (KvType type : KvType.values()) {
                compare(new Case(type, 20, 16, 3, 1, kvLength).with(windowed));
                compare(new Case(type, 33, 64, 2, 7, kvLength).with(windowed));
            }
            compare(new Case(KvType.F32, 20, 5, 3, 5, kvLength).with(windowed));
            compare(new Case(KvType.BF16, 20, 1, 3, 5, kvLength).with(capped));
            compare(new Case(KvType.F32, 8, 16, 3, 19, kvLength).with(capped));
        }
    }

    /** Chunks that begin within a tile, a group and a span, alone and with a shorter window. */
    @ParameterizedTest
    @CsvSource({"1,0", "2,0", "7,3", "16,0", "17,0", "100,20", "256,0", "300,250", "300,400"})
    void attention_inChunks_givesTheSpecifiedBits(int numChunkTokens, int numTokens) {
        ScoreForm chunked = FORM.withWindow(new KvWindow(numTokens, 0, numChunkTokens));
        for (int kvLength : new int[] {17, 32, 33, 255, 257, 272, 800, 1083}) {
            for (KvType type : KvType.values()) {
                compare(new Case(type, 20, 16, 3, 1, kvLength).with(chunked));
                compare(new Case(type, 33, 64, 2, 7, kvLength).with(chunked));
            }
            compare(new Case(KvType.F32, 20, 5, 3, 5, kvLength).with(chunked));
            compare(new Case(KvType.BF16, 64, 16, 3, 19, kvLength).with(chunked.withSoftCap(0.7f)));
        }
    }

    @Test
    void attention_overRandomWindows_givesTheSpecifiedBits() {
        KvType[] types = KvType.values();
        for (int run = 0; run < 300; run++) {
            int kvLength = 1 + random.nextInt(600);
            KvWindow window = new KvWindow(1 + random.nextInt(300), random.nextInt(3) * random.nextInt(150));
            int blockSize = new int[] {1, 5, 16, 64}[random.nextInt(4)];
            compare(new Case(types[random.nextInt(types.length)], 1 + random.nextInt(40), blockSize,
                    1 + random.nextInt(4), 1 + random.nextInt(20), kvLength).with(FORM.withWindow(window)));
        }
    }

    @ParameterizedTest
    @EnumSource
    void attention_ofAnyNumberOfHeadsAndQueries_givesTheSpecifiedBits(KvType type) {
        for (int gqaGroupSize : new int[] {1, 2, 3, 4, 7, 8}) {
            for (int numQueries : new int[] {1, 2, 3, 4, 5, 9, 17, 33}) {
                compare(new Case(type, 20, 16, gqaGroupSize, numQueries, 50));
                compare(new Case(type, 64, 64, gqaGroupSize, numQueries, 50));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void attention_ofEveryHeadDim_givesTheSpecifiedBits(KvType type) {
        for (int headDim = 1; headDim <= 130; headDim++) {
            compare(new Case(type, headDim, 16, 2, 3, 21));
        }
    }

    @ParameterizedTest
    @CsvSource({"F32,16", "BF16,16", "F16,16", "F32,5", "Q8,16", "Q8,5"})
    void attention_ofExtremes_givesTheSpecifiedBits(KvType type, int blockSize) {
        for (int run = 0; run < 30; run++) {
            int numExtremes = run;
            compare(new Case(type, 20, blockSize, 3, 4, 40), rows -> {
                Numbers.strew(rows, random, numExtremes / 10);
                Numbers.clamp(rows, largest(type));
            }, queries -> Numbers.strew(queries, random, numExtremes / 5));
        }
    }

    /** Layouts refuse finite numbers beyond it. */
    private static float largest(KvType type) {
        return switch (type) {
            case F16 -> 65504f;
            case BF16 -> 0x1.FEp127f;
            default -> Float.MAX_VALUE;
        };
    }

    @Test
    void attention_overUnlikeKeysAndValues_givesTheSpecifiedBits() {
        for (KvType keys : KvType.values()) {
            for (KvType values : KvType.values()) {
                for (int kvLength : new int[] {1, 40, 257}) {
                    compare(new Case(new KvTypes(keys, values), 72, 16, 3, 3, kvLength));
                }
            }
        }
    }

    /** Tokens behind a query are NaN: nothing of them may reach it. */
    @Test
    void attention_whenLaterTokensAreNaN_doesNotSeeThem() {
        for (KvType type : KvType.values()) {
            Case c = new Case(type, 20, 16, 3, 6, 38);
            ShuffledBlocks blocks = blocks(c, rows -> {});
            Tensor queries = Numbers.rows(arena, random, c.numQueries, KV_HEADS * c.gqaGroupSize * c.headDim(), 7);
            Tensor expected = attend(kernels(), c, blocks, queries, c.kvLength - c.numQueries);
            for (int position = c.kvLength - 1; position > c.kvLength - c.numQueries; position--) {
                blocks.write(LAYER, KV_HEAD, position, Numbers.filled(arena, Float.NaN, 2, c.headDim(), 0));
            }
            Tensor actual = attend(kernels(), c, blocks, queries, c.kvLength - c.numQueries);
            int from = KV_HEAD * c.gqaGroupSize * c.headDim();
            int to = from + c.gqaGroupSize * c.headDim();
            Numbers.assertSameBits(actual.narrow(0, 0, 1).narrow(1, from, to),
                    expected.narrow(0, 0, 1).narrow(1, from, to),
                    "first query");
        }
    }

    private interface Change {
        void apply(Tensor rows);
    }

    private void compare(Case c) {
        compare(c, rows -> {}, queries -> {});
        freeBetweenCases();
    }

    private void compare(Case c, Change ofTokens, Change ofQueries) {
        ShuffledBlocks blocks = blocks(c, ofTokens);
        Tensor queries = Numbers.rows(arena, random, c.numQueries, c.numKvHeads() * c.gqaGroupSize * c.headDim(), 7);
        ofQueries.apply(queries);
        int firstPosition = c.kvLength - c.numQueries;
        Tensor actual = attend(kernels(), c, blocks, queries, firstPosition);
        if (!isSpecification()) {
            Numbers.assertSameBits(actual, attend(scalar, c, blocks, queries, firstPosition), c.toString());
        }
        Numbers.assertGapsUntouched(actual, c.toString());
    }

    private ShuffledBlocks blocks(Case c, Change ofTokens) {
        ShuffledBlocks blocks = ShuffledBlocks.allocate(arena, c.layout, c.kvLength, random);
        int firstQuery = c.kvLength - c.numQueries;
        KvWindow window = c.form.window();
        for (int position = 0; position < c.kvLength; position++) {
            if (position < window.numSinks() || position >= window.firstVisible(firstQuery)) { // else NaN
                Tensor token = Numbers.rows(arena, random, 2, c.headDim(), 0);
                ofTokens.apply(token);
                blocks.write(LAYER, c.kvHead(), position, token);
            }
        }
        blocks.forget(window, firstQuery);
        return blocks;
    }

    private Tensor attend(Kernels kernels, Case c, ShuffledBlocks blocks, Tensor queries, int firstPosition) {
        int valueDim = c.layout.shape().valueDim();
        Tensor out = Numbers.filled(arena, Float.NaN, c.numQueries, (int) queries.shape(1) / c.headDim() * valueDim, 7);
        try (AttentionTile tile = new AttentionTile(c.gqaGroupSize, c.headDim(), valueDim)) {
            tile.bind(blocks, LAYER, c.form, queries, out);
            tile.setQueries(c.kvHead(), 0, c.numQueries, firstPosition);
            kernels.qkScores(tile);
            kernels.softmax(tile);
            kernels.weightedValues(tile);
        }
        return out;
    }
}
