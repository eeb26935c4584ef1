package io.github.pastkv.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TiledAttentionTest {
    private static final int NUM_LAYERS = 3; // L
    private static final int NUM_HEADS = 6; // H
    private static final int NUM_KV_HEADS = 2; // K

    private final Random random = new Random(5);

    private Tensor random(int rows, int width) {
        float[] numbers = new float[rows * width];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        return Tensor.of(numbers, rows, width);
    }

    /** Rows of different length, then a decode step of one token for some of them. */
    @ParameterizedTest
    @CsvSource({"64,16", "40,32", "7,16", "21,48"})
    void attend_isThePlainComputationBitForBit(int headDim, int blockSize) {
        KvCacheConfig config =
                KvCacheConfig.of(new KvShape(NUM_LAYERS, NUM_KV_HEADS, headDim), 3).withBlockSize(blockSize);
        TiledAttention attention = new TiledAttention(NUM_HEADS, config);
        try (KvCache cache = new KvCache(config)) {
            for (int[] lengths : new int[][] {{35, 1, 16}, {1, 0, 1}, {14, 47, 2}}) {
                try (KvStep step = cache.beginStep(AttentionMask.ofLengths(lengths))) {
                    for (int layer = 0; layer < NUM_LAYERS; layer++) {
                        Tensor keys = random(step.numTokens(), NUM_KV_HEADS * headDim);
                        step.write(layer, keys, random(step.numTokens(), NUM_KV_HEADS * headDim), 0, 0,
                                step.numTokens());
                        Tensor queries = random(step.numTokens(), NUM_HEADS * headDim);
                        Tensor output = Tensor.zeros(queries.shape());
                        attention.attend(step, layer, queries, output);
                        assertThat(output.toFloatArray()).isEqualTo(plain(step, layer, queries, headDim));
                    }
                    step.commit();
                }
            }
        }
    }

    private static float[] plain(KvStep step, int layer, Tensor queries, int headDim) {
        Tensor output = Tensor.zeros(queries.shape());
        for (int token = 0; token < step.numTokens(); token++) {
            for (int head = 0; head < NUM_HEADS; head++) {
                attend(step, layer, queries, output, token, head, headDim);
            }
        }
        return output.toFloatArray();
    }

    private static void attend(KvStep step, int layer, Tensor queries, Tensor output, int token, int head,
            int headDim) {
        int row = step.rowOf(token);
        int kvHead = head / (NUM_HEADS / NUM_KV_HEADS);
        float[] scores = new float[step.position(token) + 1];
        float greatest = Float.NEGATIVE_INFINITY;
        for (int p = 0; p < scores.length; p++) {
            for (int dim = 0; dim < headDim; dim++) {
                scores[p] = Math.fma(step.readKey(layer, row, p, kvHead, dim),
                        queries.get(token, head * headDim + dim), scores[p]);
            }
            scores[p] *= (float) (1 / Math.sqrt(headDim));
            greatest = Math.max(greatest, scores[p]);
        }
        float sum = 0;
        for (int p = 0; p < scores.length; p++) {
            scores[p] = (float) StrictMath.exp(scores[p] - greatest);
            sum += scores[p];
        }
        for (int dim = 0; dim < headDim; dim++) {
            float value = 0;
            for (int p = 0; p < scores.length; p++) {
                value = Math.fma(step.readValue(layer, row, p, kvHead, dim), scores[p] / sum, value);
            }
            output.set(value, token, head * headDim + dim);
        }
    }

    @Test
    void whatTheLoopsDoNotRead_isRefused() {
        KvCacheConfig config = KvCacheConfig.of(new KvShape(1, 2, 8), 1);
        assertThatIllegalArgumentException().isThrownBy(() -> new TiledAttention(6, config.withBlockSize(8)))
                .withMessage("blockSize: 8, must be a multiple of 16");
        assertThatIllegalArgumentException().isThrownBy(() -> new TiledAttention(6, config.withKvType(KvType.BF16)))
                .withMessageStartingWith("layer 0: ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TiledAttention(6, config.withWindows(_ -> KvWindow.of(12))))
                .withMessageStartingWith("layer 0: ");
        assertThatIllegalArgumentException().isThrownBy(() -> new TiledAttention(5, config))
                .withMessage("numHeads: 5, must be a multiple of 2 kv heads");
    }

    @Test
    void main_runs() {
        TiledAttention.main(new String[0]);
    }
}
