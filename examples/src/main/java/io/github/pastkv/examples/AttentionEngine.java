package io.github.pastkv.examples;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.PrefixUse;
import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;

/**
 * An engine with an attention of its own, over the cache and nothing else of PastKV: a transformer of attention layers
 * with random weights, every second of which sees a window. It shows what an engine has to do: begin a step, write each
 * layer's keys and values, read them where they lie, commit.
 *
 * <p>All state of a text is in the cache; the engine may be used from any number of threads.
 */
public final class AttentionEngine {
    public static final int VOCAB_SIZE = 50; // V
    private static final int NUM_LAYERS = 4; // L
    private static final int NUM_HEADS = 4; // H
    private static final int NUM_KV_HEADS = 2; // K
    private static final int HEAD_DIM = 6; // D
    private static final int WIDTH = NUM_HEADS * HEAD_DIM; // E
    private static final int KEY_WIDTH = NUM_KV_HEADS * HEAD_DIM;
    private static final KvWindow WINDOW = KvWindow.of(12);
    private static final float SLOPE = 0.05f; // scores fall with distance, so that order matters

    private final float[][] embedding; // [V, E]
    private final float[][][] weights = new float[4 * NUM_LAYERS][][]; // queries, keys, values, output of each layer

    public AttentionEngine(long seed) {
        Random random = new Random(seed);
        embedding = matrix(random, VOCAB_SIZE, WIDTH);
        for (int i = 0; i < weights.length; i++) {
            weights[i] = i % 4 == 1 || i % 4 == 2 ? matrix(random, KEY_WIDTH, WIDTH) : matrix(random, WIDTH, WIDTH);
        }
    }

    private static float[][] matrix(Random random, int rows, int columns) {
        float[][] matrix = new float[rows][columns];
        for (float[] row : matrix) {
            for (int i = 0; i < columns; i++) {
                row[i] = (float) (random.nextGaussian() / Math.sqrt(columns));
            }
        }
        return matrix;
    }

    /** How this engine's caches store: layers with and without a window lie in groups of their own. */
    public static KvCacheConfig cacheConfig(int batchSize) {
        return KvCacheConfig.of(new KvShape(NUM_LAYERS, NUM_KV_HEADS, HEAD_DIM), batchSize)
                .withWindows(AttentionEngine::window);
    }

    private static KvWindow window(int layer) {
        return layer % 2 == 1 ? WINDOW : KvWindow.NONE;
    }

    /**
     * Appends tokens to each row; rows may differ in length, and one may get none. The leading tokens that the prefix
     * index of the cache's pool has are not computed.
     *
     * @param tokenIds {@code [B][n]}
     * @return logits of the last token of each row, {@code [B][V]}; empty where a row got none
     */
    public float[][] append(KvCache cache, int[]... tokenIds) {
        int[] lengths = Arrays.stream(tokenIds).mapToInt(ids -> ids.length).toArray();
        int[] allIds = Arrays.stream(tokenIds).flatMapToInt(Arrays::stream).toArray();
        try (KvStep step = cache.beginStep(AttentionMask.ofLengths(lengths), allIds, PrefixUse.REUSE)) {
            float[][] stream = new float[step.numTokens()][]; // [T, E]
            for (int token = 0; token < stream.length; token++) {
                int row = step.rowOf(token);
                int id = step.numReusedTokens(row) + token - step.rowStart(row); // what was reused is not computed
                stream[token] = embedding[tokenIds[row][id]].clone();
            }
            for (int layer = 0; layer < NUM_LAYERS; layer++) {
                attentionLayer(step, layer, stream);
            }
            float[][] logits = lastLogits(step, stream);
            step.commit(); // until here the cache showed nothing of the step
            return logits;
        }
    }

    private void attentionLayer(KvStep step, int layer, float[][] stream) {
        Tensor keys = Tensor.zeros(stream.length, KEY_WIDTH);
        Tensor values = Tensor.zeros(stream.length, KEY_WIDTH);
        for (int token = 0; token < stream.length; token++) {
            copy(times(weights[4 * layer + 1], stream[token]), keys, token);
            copy(times(weights[4 * layer + 2], stream[token]), values, token);
        }
        step.write(layer, keys, values, 0, 0, stream.length); // before anyone reads: rounded to the storage type
        for (int token = 0; token < stream.length; token++) {
            float[] queries = times(weights[4 * layer], stream[token]);
            float[] added = times(weights[4 * layer + 3], attend(step, layer, token, queries));
            for (int i = 0; i < WIDTH; i++) {
                stream[token][i] += added[i];
            }
        }
    }

    /** What a token's queries find in the keys and values of its row; {@code [H * D]}. */
    private static float[] attend(KvStep step, int layer, int token, float[] queries) {
        int row = step.rowOf(token);
        int position = step.position(row, token);
        KvBlocks blocks = step.blocks(layer, row);
        int inGroup = step.layerInGroup(layer);
        float[] found = new float[WIDTH];
        for (int head = 0; head < NUM_HEADS; head++) {
            int kvHead = head / (NUM_HEADS / NUM_KV_HEADS);
            float sum = 0;
            for (int p = window(layer).firstVisible(position); p <= position; p++) {
                KvLayout layout = blocks.layout();
                int block = p / layout.blockSize();
                int slot = p % layout.blockSize();
                float score = SLOPE * (p - position);
                for (int dim = 0; dim < HEAD_DIM; dim++) {
                    score += queries[head * HEAD_DIM + dim] * layout.readKey(blocks.segment(block),
                            blocks.blockByteOffset(block), inGroup, kvHead, slot, dim);
                }
                float weight = (float) StrictMath.exp(score);
                sum += weight;
                for (int dim = 0; dim < HEAD_DIM; dim++) {
                    found[head * HEAD_DIM + dim] += weight * layout.readValue(blocks.segment(block),
                            blocks.blockByteOffset(block), inGroup, kvHead, slot, dim);
                }
            }
            for (int dim = 0; dim < HEAD_DIM; dim++) {
                found[head * HEAD_DIM + dim] /= sum;
            }
        }
        return found;
    }

    private float[][] lastLogits(KvStep step, float[][] stream) {
        float[][] logits = new float[step.batchSize()][0];
        for (int row = 0; row < logits.length; row++) {
            if (step.numNewTokens(row) > 0) {
                logits[row] = times(embedding, stream[step.rowStart(row + 1) - 1]);
            }
        }
        return logits;
    }

    private static float[] times(float[][] matrix, float[] x) {
        float[] product = new float[matrix.length];
        for (int row = 0; row < matrix.length; row++) {
            for (int i = 0; i < x.length; i++) {
                product[row] += matrix[row][i] * x[i];
            }
        }
        return product;
    }

    private static void copy(float[] numbers, Tensor target, int row) {
        for (int i = 0; i < numbers.length; i++) {
            target.set(numbers[i], row, i);
        }
    }
}
