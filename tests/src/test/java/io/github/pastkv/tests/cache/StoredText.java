package io.github.pastkv.tests.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.PastTensor;
import io.github.pastkv.cache.PrefixUse;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Texts whose keys and values are a function of all tokens before them, as a model's are, so that a block of another
 * text, or an old one, is seen at once.
 */
final class StoredText {
    private StoredText() {}

    /** Appends the tokens that a cache of one row does not hold yet; returns how many of them were reused. */
    static int append(KvCache cache, int[] text) {
        int numPast = cache.numTokens(0);
        int[] newIds = Arrays.copyOfRange(text, numPast, text.length);
        KvShape shape = cache.config().shape();
        try (KvStep step = cache.beginStep(AttentionMask.ones(1, newIds.length), newIds, PrefixUse.REUSE)) {
            for (int layer = 0; layer < shape.numLayers(); layer++) {
                step.write(layer, numbers(text, step.pastLength(0), shape, layer, true),
                        numbers(text, step.pastLength(0), shape, layer, false), 0, 0, step.numTokens());
            }
            step.commit();
            return step.numReusedTokens(0);
        }
    }

    private static Tensor numbers(int[] text, int from, KvShape shape, int layer, boolean ofKeys) {
        int width = shape.numKvHeads() * shape.headDim();
        Tensor numbers = Tensor.of(new float[(text.length - from) * width], text.length - from, width);
        long hash = layer * 2L + (ofKeys ? 1 : 0);
        for (int position = 0; position < text.length; position++) {
            hash = hash * 1_000_003 + text[position];
            SplittableRandom random = new SplittableRandom(hash);
            for (int column = 0; column < width && position >= from; column++) {
                numbers.set((float) (random.nextDouble() * 4 - 2), position - from, column);
            }
        }
        return numbers;
    }

    /** Checks every key and value of a cache of one row against those of one that has computed the text alone. */
    static void assertEqual(KvCache cache, int[] text) {
        try (KvCache alone = new KvCache(cache.config())) {
            append(alone, text);
            assertThat(cache.numTokens(0)).isEqualTo(alone.numTokens(0));
            for (int layer = 0; layer < cache.numLayers(); layer++) {
                assertThat(numbers(cache.entry(layer).pastKeys())).as("keys of layer %d", layer)
                        .isEqualTo(numbers(alone.entry(layer).pastKeys()));
                assertThat(numbers(cache.entry(layer).pastValues())).as("values of layer %d", layer)
                        .isEqualTo(numbers(alone.entry(layer).pastValues()));
            }
        }
    }

    private static float[] numbers(PastTensor past) {
        try (past) { // it holds its blocks until then
            return past.toFloatArray();
        }
    }
}
