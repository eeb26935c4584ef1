package io.github.pastkv.kernels;

import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The gated activation of gpt-oss: with g = min(gate, limit) and u = up, at least -limit and at most limit,
 * {@code g * sigmoid(alpha * g) * (u + 1)}. Every operation rounds once, by the exponential of the kernels, so that the
 * bits are those of any loop over it.
 *
 * @param alpha factor within the sigmoid
 * @param limit bound of gate and up
 */
public record ClampedSwiglu(float alpha, float limit) {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** gate = activation(gate, up), over {@code width} columns; the specification of {@link Kernels#clampedSwiglu}. */
    void apply(Tensor gate, Tensor up, int width, int fromToken, int toToken) {
        MemorySegment gates = gate.segment();
        MemorySegment ups = up.segment();
        for (int token = fromToken; token < toToken; token++) {
            long gateStart = gate.byteOffset(token, 0);
            long upStart = up.byteOffset(token, 0);
            for (int i = 0; i < width; i++) {
                long offset = gateStart + 4L * i;
                gates.set(F32, offset, of(gates.get(F32, offset), ups.get(F32, upStart + 4L * i)));
            }
        }
    }

    /** The activation of one pair of numbers. */
    public float of(float gate, float up) {
        float g = Math.min(gate, limit);
        float u = Math.max(-limit, Math.min(limit, up));
        float sigmoid = 1f / (1f + ScalarMath.exp(-(alpha * g)));
        return g * sigmoid * (u + 1f);
    }
}
