package io.github.pastkv.model.families.gpt;

import io.github.pastkv.tensor.Tensor;
import java.util.OptionalInt;

/**
 * Sinusoidal positions (Vaswani et al. 2017) as XGLM has them: sines in the first half of a row, cosines in the second,
 * position p in row p + 2, the row of the pad id zero.
 */
final class SinusoidalPositions {
    /** Row of position 0. */
    static final int FIRST_ROW = 2;

    /** Positions are computed when a model is read, so that there may not be any number of them. */
    static final int MAX_SEQ_LEN = 1 << 16;

    private SinusoidalPositions() {}

    /** F32 {@code [maxSeqLen + 2, width]}; an odd width gets a last column of zeros. */
    static Tensor table(int maxSeqLen, int width, OptionalInt padRow) {
        int numRows = maxSeqLen + FIRST_ROW;
        int half = width / 2;
        float[] rows = new float[Math.multiplyExact(numRows, width)];
        for (int row = FIRST_ROW; row < numRows; row++) {
            for (int i = 0; i < half && row != padRow.orElse(-1); i++) {
                double angle = row * StrictMath.exp(-i * StrictMath.log(10000) / (half - 1));
                rows[row * width + i] = (float) StrictMath.sin(angle);
                rows[row * width + half + i] = (float) StrictMath.cos(angle);
            }
        }
        return Tensor.of(rows, numRows, width);
    }
}
