package io.github.pastkv.examples;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.StepRows;
import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.layout.LayerStorageSpec;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Paged attention over several rows, with inner loops in the Vector API that read F32 blocks where they lie. A block of
 * 16 tokens (or a multiple) is cut into tiles of 16 slots. Keys of a tile are {@code [D][16]}: a vector holds one
 * dimension of neighboring slots, so scores need no sum across lanes. Values are {@code [16][D]}: a vector holds
 * neighboring dimensions of one slot. The sums run in the order of the plain loops, so the bits are the same.
 *
 * <p>Give the JVM {@code --add-modules jdk.incubator.vector}. Not thread-safe: it has buffers.
 */
public final class TiledAttention {
    private static final int TILE = KvLayout.LANE_TILE;
    private static final VectorSpecies<Float> LANES = FloatVector.SPECIES_PREFERRED.length() > TILE
            ? FloatVector.SPECIES_512
            : FloatVector.SPECIES_PREFERRED;

    private final int numHeads; // H
    private final KvShape shape;
    private final float scale;
    private float[] scores = new float[0]; // [S], rounded up to whole tiles

    /** For {@code numHeads} query heads over the cache's kv heads. */
    public TiledAttention(int numHeads, KvCacheConfig config) {
        if (config.blockSize() % TILE != 0) {
            throw new IllegalArgumentException("blockSize: " + config.blockSize() + ", must be a multiple of " + TILE);
        }
        if (numHeads % config.shape().numKvHeads() != 0) {
            throw new IllegalArgumentException(
                    "numHeads: " + numHeads + ", must be a multiple of " + config.shape().numKvHeads() + " kv heads");
        }
        LayerStorageSpec plain = new LayerStorageSpec(KvTypes.of(KvType.F32), KvWindow.NONE);
        for (int layer = 0; layer < config.shape().numLayers(); layer++) {
            if (!config.layers().get(layer).equals(plain)) {
                throw new IllegalArgumentException(
                        "layer " + layer + ": " + config.layers().get(layer) + ", must be " + plain);
            }
        }
        this.numHeads = numHeads;
        this.shape = config.shape();
        this.scale = (float) (1 / Math.sqrt(shape.headDim()));
    }

    /** Two texts of different length in one step. */
    public static void main(String[] args) {
        KvCacheConfig config = KvCacheConfig.of(new KvShape(1, 2, 64), 2); // L, K, D; batch
        try (KvCache cache = new KvCache(config);
                KvStep step = cache.beginStep(AttentionMask.ofLengths(100, 37))) {
            Tensor ones = Tensor.ones(step.numTokens(), 2 * 64); // [T, K * D]
            step.write(0, ones, ones, 0, 0, step.numTokens());
            Tensor queries = Tensor.ones(step.numTokens(), 4 * 64); // [T, H * D]
            Tensor output = Tensor.zeros(step.numTokens(), 4 * 64);
            new TiledAttention(4, config).attend(step, 0, queries, output);
            step.commit();
            System.out.println(output); // a mean of ones
        }
    }

    /**
     * Attends from all tokens of a step to all tokens before them in their rows, and to themselves. The step's own keys
     * and values have been written.
     *
     * @param queries {@code [T, H * D]}, F32, after RoPE
     * @param output {@code [T, H * D]}, F32, not {@code queries}
     */
    public void attend(StepRows step, int layer, Tensor queries, Tensor output) {
        for (int row = 0; row < step.numRows(); row++) {
            KvBlocks blocks = step.blocks(layer, row); // valid until the step ends
            int layerInGroup = step.layerInGroup(layer, row);
            for (int token = step.rowStart(row); token < step.rowStart(row + 1); token++) {
                for (int head = 0; head < numHeads; head++) {
                    int kvHead = head / (numHeads / shape.numKvHeads());
                    int kvLength = step.position(token) + 1;
                    scores(blocks, layerInGroup, kvHead, queries, token, head, kvLength);
                    softmax(kvLength);
                    weightedValues(blocks, layerInGroup, kvHead, output, token, head, kvLength);
                }
            }
        }
    }

    private void scores(KvBlocks blocks, int layer, int kvHead, Tensor queries, int token, int head, int kvLength) {
        if (scores.length < kvLength + TILE) {
            scores = new float[2 * (kvLength + TILE)];
        }
        for (int position = 0; position < kvLength; position += TILE) {
            int block = position / blocks.layout().blockSize();
            int slot = position % blocks.layout().blockSize();
            MemorySegment segment = blocks.segment(block);
            long tile = blocks.blockByteOffset(block) + blocks.layout().keyByteOffset(layer, kvHead, slot, 0);
            for (int lane = 0; lane < TILE; lane += LANES.length()) { // slots beyond kvLength are not used
                FloatVector sum = FloatVector.zero(LANES);
                for (int dim = 0; dim < shape.headDim(); dim++) {
                    long offset = tile + 4L * (dim * TILE + lane);
                    FloatVector keys = fromMemorySegment(LANES, segment, offset, LITTLE_ENDIAN);
                    sum = keys.fma(FloatVector.broadcast(LANES, queries.get(token, head * shape.headDim() + dim)), sum);
                }
                sum.mul(scale).intoArray(scores, position + lane);
            }
        }
    }

    private void softmax(int kvLength) {
        float greatest = Float.NEGATIVE_INFINITY;
        for (int position = 0; position < kvLength; position++) {
            greatest = Math.max(greatest, scores[position]);
        }
        float sum = 0;
        for (int position = 0; position < kvLength; position++) {
            scores[position] = (float) StrictMath.exp(scores[position] - greatest);
            sum += scores[position];
        }
        for (int position = 0; position < kvLength; position++) {
            scores[position] /= sum;
        }
    }

    private void weightedValues(KvBlocks blocks, int layer, int kvHead, Tensor output, int token, int head,
            int kvLength) {
        MemorySegment result = output.segment();
        long resultOffset = output.byteOffset(token, (long) head * shape.headDim());
        int dim = 0;
        for (; dim + LANES.length() <= shape.headDim(); dim += LANES.length()) {
            FloatVector sum = FloatVector.zero(LANES);
            for (int position = 0; position < kvLength; position++) {
                int block = position / blocks.layout().blockSize();
                int slot = position % blocks.layout().blockSize();
                long offset = blocks.blockByteOffset(block) + blocks.layout().valueByteOffset(layer, kvHead, slot, dim);
                FloatVector values = fromMemorySegment(LANES, blocks.segment(block), offset, LITTLE_ENDIAN);
                sum = values.fma(FloatVector.broadcast(LANES, scores[position]), sum);
            }
            sum.intoMemorySegment(result, resultOffset + 4L * dim, LITTLE_ENDIAN);
        }
        for (; dim < shape.headDim(); dim++) { // what no whole vector holds
            float sum = 0;
            for (int position = 0; position < kvLength; position++) {
                sum = Math.fma(blocks.read(layer, false, position, kvHead, dim), scores[position], sum);
            }
            output.set(sum, token, (long) head * shape.headDim() + dim);
        }
    }
}
