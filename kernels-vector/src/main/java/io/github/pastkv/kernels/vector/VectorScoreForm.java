package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static io.github.pastkv.kernels.vector.Lanes.load;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.github.pastkv.kernels.AttentionTile;
import io.github.pastkv.kernels.ScoreForm;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Soft caps and ALiBi, in a pass of its own over scores that are already scaled: most models have neither and skip it.
 * Runs over whole groups of 16 positions, as memory to the end of the last one is the tile's.
 */
final class VectorScoreForm {
    private VectorScoreForm() {}

    static void apply(AttentionTile tile) {
        ScoreForm form = tile.form();
        for (int row = 0; row < tile.numRows(); row++) {
            long start = tile.scoreByteOffset(row);
            int numWhole = Math.ceilDiv(tile.numVisible(row), TileForm.GROUP) * TileForm.GROUP;
            if (form.softCap() != 0) {
                VectorElementwise.softCapRow(form.softCap(), tile.scores(), start, numWhole);
            }
            if (form.hasSlopes()) {
                addDistances(tile.scores(), start, numWhole, form.slope(tile.head(row)), tile.position(row));
            }
        }
    }

    private static void addDistances(MemorySegment scores, long start, int numWhole, float slope, int queryPosition) {
        FloatVector lanes = FloatVector.zero(FLOATS).addIndex(1);
        for (int position = 0; position < numWhole; position += Lanes.COUNT) {
            long offset = start + 4L * position;
            FloatVector distances = lanes.add(position - queryPosition);
            distances.fma(FloatVector.broadcast(FLOATS, slope), load(scores, offset)).intoMemorySegment(scores, offset,
                    LITTLE_ENDIAN);
        }
    }
}
