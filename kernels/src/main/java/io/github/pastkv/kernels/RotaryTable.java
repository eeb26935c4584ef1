package io.github.pastkv.kernels;

import io.github.pastkv.cache.DataType;
import io.github.pastkv.cache.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Cosines and sines of rotary position embedding (RoFormer, Su et al. 2021), one row {@code [cos | sin]} of
 * {@code rotaryDim} floats for each position. Angles are computed in double with {@link StrictMath}, so that the table
 * is the same on every machine, and rounded once.
 *
 * <p>Rows are made when first asked for, in chunks, and never change. Safe for any number of threads once
 * {@link #prepare} has covered the positions in use. Memory belongs to the arena given at construction.
 */
public final class RotaryTable {
    private static final int CHUNK_POSITIONS = 256;

    private final double[] inverseFrequencies;
    private final double attentionFactor;
    private final Tensor rows;
    private int numReady;

    /**
     * A table for positions {@code [0, maxPositions)}; its memory is taken at once.
     *
     * @param inverseFrequencies angle per position of each pair of dimensions, {@code [rotaryDim / 2]}
     * @param attentionFactor multiplies cosines and sines (1 for all but long-context variants)
     */
    public RotaryTable(double[] inverseFrequencies, double attentionFactor, int maxPositions, Arena arena) {
        this.inverseFrequencies = inverseFrequencies.clone();
        this.attentionFactor = attentionFactor;
        this.rows = Tensor.allocate(arena, DataType.F32, maxPositions, 2L * inverseFrequencies.length);
    }

    /** Dimensions of a head that are turned. */
    public int rotaryDim() {
        return 2 * inverseFrequencies.length;
    }

    /** Makes rows {@code [0, numPositions)}. */
    public synchronized void prepare(int numPositions) {
        if (numPositions > rows.shape(0)) {
            throw new IllegalArgumentException("numPositions: " + numPositions + ", limit " + rows.shape(0));
        }
        long target = Math.min(rows.shape(0), -Math.floorDiv(-numPositions, CHUNK_POSITIONS) * (long) CHUNK_POSITIONS);
        while (numReady < numPositions || numReady < target) {
            fillRow(numReady++);
        }
    }

    private void fillRow(int position) {
        int half = inverseFrequencies.length;
        for (int pair = 0; pair < half; pair++) {
            double angle = position * inverseFrequencies[pair];
            rows.set((float) (StrictMath.cos(angle) * attentionFactor), position, pair);
            rows.set((float) (StrictMath.sin(angle) * attentionFactor), position, half + pair);
        }
    }

    /** The memory of all rows. */
    public MemorySegment segment() {
        return rows.segment();
    }

    /** First cosine of a position; its sines follow {@code rotaryDim / 2} floats later. */
    public long cosByteOffset(int position) {
        return (long) position * rotaryDim() * Float.BYTES;
    }
}
