package io.github.pastkv.kernels;

import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The activation xIELU (Huang et al. 2024) with the trained numbers of one layer: {@code positive * x^2 + beta * x} for
 * x above 0, else {@code negative * (exp(min(x, epsilon)) - 1 - x) + beta * x}. Every operation rounds once, by the
 * exponential of the kernels, so that the bits are those of any loop over it.
 *
 * @param positive factor of the parabola
 * @param negative factor of the exponential part
 * @param beta slope of the line that both lie on
 * @param epsilon upper end of the exponent, a little below 0
 */
public record Xielu(float positive, float negative, float beta, float epsilon) {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** x = xIELU(x), in place, over {@code width} columns; the specification of {@link Kernels#xielu}. */
    void apply(Tensor x, int width, int fromToken, int toToken) {
        MemorySegment segment = x.segment();
        for (int token = fromToken; token < toToken; token++) {
            long start = x.byteOffset(token, 0);
            for (int i = 0; i < width; i++) {
                segment.set(F32, start + 4L * i, of(segment.get(F32, start + 4L * i)));
            }
        }
    }

    /** xIELU of one number. */
    public float of(float x) {
        float curved = x > 0
                ? positive * x * x
                : negative * (ScalarMath.exp(Math.min(x, epsilon)) - 1f - x);
        return curved + beta * x;
    }
}
