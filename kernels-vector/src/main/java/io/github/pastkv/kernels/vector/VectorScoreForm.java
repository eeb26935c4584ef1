package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static io.github.pastkv.kernels.vector.Lanes.load;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.github.pastkv.kernels.AttentionTile;
import io.github.pastkv.kernels.AttentionTile.Range;
import io.github.pastkv.kernels.ScoreForm;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Soft caps and ALiBi, in a pass of its own over scores that are already scaled: most models have neither and skip it.
 * Runs over whole lane tiles of 16 positions, as memory to the end of the last one is the tile's.
 */
final class VectorScoreForm {
    private VectorScoreForm() {}

    static void apply(AttentionTile tile) {
        ScoreForm form = tile.form();
        for (int row = 0; row < tile.numRows(); row++) {
            apply(tile, form, row, Range.SINKS);
            apply(tile, form, row, Range.WINDOW);
        }
    }

    private static void apply(AttentionTile tile, ScoreForm form, int row, Range range) {
        long start = tile.scoreByteOffset(row);
        int from = VisibleLaneTiles.from(tile, range, row);
        int to = VisibleLaneTiles.to(tile, range, row);
        if (form.softCap() != 0) {
            VectorElementwise.softCapRow(form.softCap(), tile.scores(), start + 4L * from, to - from);
        }
        if (form.hasSlopes()) {
            addDistances(tile, row, from, to);
        }
    }

    private static void addDistances(AttentionTile tile, int row, int from, int to) {
        MemorySegment scores = tile.scores();
        long start = tile.scoreByteOffset(row);
        FloatVector slopes = FloatVector.broadcast(FLOATS, tile.form().slope(tile.head(row)));
        FloatVector lanes = FloatVector.zero(FLOATS).addIndex(1);
        for (int position = from; position < to; position += Lanes.COUNT) {
            long offset = start + 4L * position;
            FloatVector distances = lanes.add(position - tile.position(row));
            distances.fma(slopes, load(scores, offset)).intoMemorySegment(scores, offset, LITTLE_ENDIAN);
        }
    }
}
