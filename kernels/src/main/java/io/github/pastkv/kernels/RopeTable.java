package io.github.pastkv.kernels;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Cosines and sines of rotary position embedding (RoFormer, Su et al. 2021), one row {@code [cos | sin]} of
 * {@code rotaryDim} floats for each position. Angles are computed in double with {@link StrictMath}, so that the table
 * is the same on every machine, and rounded once.
 *
 * <p>Rows are computed on first use, in separate chunks of memory, and never change or move, so a model with a long
 * context takes memory only for the positions in use. Safe for any number of threads once {@link #prepare} has covered
 * the positions in use. Memory belongs to the arena given at construction.
 */
public final class RopeTable {
    private static final int CHUNK_POSITIONS = 256;

    private final double[] inverseFrequencies;
    private final double attentionFactor;
    private final boolean isInterleaved;
    private final int maxPositions;
    private final Arena arena;
    private volatile MemorySegment[] chunks = new MemorySegment[0];

    /**
     * A table for positions {@code [0, maxPositions)}.
     *
     * @param inverseFrequencies angle per position of each pair of dimensions, {@code [rotaryDim / 2]}
     * @param attentionFactor multiplies cosines and sines (1 for all but long-context variants)
     */
    public RopeTable(double[] inverseFrequencies, double attentionFactor, int maxPositions, Arena arena) {
        this(inverseFrequencies, attentionFactor, false, maxPositions, arena);
    }

    /**
     * A table whose pairs may be interleaved.
     *
     * @param isInterleaved whether pair i is dimensions 2i and 2i + 1 of a head, rather than i and i + rotaryDim / 2
     */
    public RopeTable(double[] inverseFrequencies, double attentionFactor, boolean isInterleaved, int maxPositions,
            Arena arena) {
        this.inverseFrequencies = inverseFrequencies.clone();
        this.attentionFactor = attentionFactor;
        this.isInterleaved = isInterleaved;
        this.maxPositions = maxPositions;
        this.arena = arena;
    }

    /** Dimensions of a head that are rotated. */
    public int rotaryDim() {
        return 2 * inverseFrequencies.length;
    }

    /** First dimension of a pair, within a head. */
    public int firstOfPair(int pair) {
        return isInterleaved ? 2 * pair : pair;
    }

    /** Distance from the first dimension of a pair to its second. */
    public int pairDistance() {
        return isInterleaved ? 1 : inverseFrequencies.length;
    }

    /** Computes rows {@code [0, numPositions)}. */
    public void prepare(int numPositions) {
        if (numPositions > maxPositions) {
            throw new IllegalArgumentException("numPositions: " + numPositions + ", limit " + maxPositions);
        }
        if (numPositions > (long) chunks.length * CHUNK_POSITIONS) {
            addChunks(Math.ceilDiv(numPositions, CHUNK_POSITIONS));
        }
    }

    private synchronized void addChunks(int numChunks) {
        int numReady = chunks.length;
        MemorySegment[] more = Arrays.copyOf(chunks, Math.max(numChunks, numReady));
        for (int chunk = numReady; chunk < numChunks; chunk++) {
            more[chunk] = newChunk(chunk * CHUNK_POSITIONS);
        }
        chunks = more;
    }

    private MemorySegment newChunk(int firstPosition) {
        int half = inverseFrequencies.length;
        Tensor rows = Tensor.allocate(arena, DataType.F32, CHUNK_POSITIONS, 2L * half);
        for (int row = 0; row < CHUNK_POSITIONS; row++) {
            for (int pair = 0; pair < half; pair++) {
                double angle = (firstPosition + row) * inverseFrequencies[pair];
                rows.set((float) (StrictMath.cos(angle) * attentionFactor), row, pair);
                rows.set((float) (StrictMath.sin(angle) * attentionFactor), row, half + pair);
            }
        }
        return rows.segment();
    }

    /** The memory that holds the row of a position. */
    public MemorySegment segment(int position) {
        return chunks[position / CHUNK_POSITIONS];
    }

    /** First cosine of a position in its segment; its sines follow {@code rotaryDim / 2} floats later. */
    public long cosByteOffset(int position) {
        return (long) (position % CHUNK_POSITIONS) * rotaryDim() * Float.BYTES;
    }
}
