package io.github.pastkv.kernels.vector;

import io.github.pastkv.kernels.ScalarMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** {@link ScalarMath} in lanes: the same operations in the same order, so the same bits. */
final class VectorMath {
    private static final int ROUND_MAGIC_BITS = Float.floatToRawIntBits(ScalarMath.ROUND_MAGIC);

    private VectorMath() {}

    /** {@link ScalarMath#exp}. */
    static FloatVector exp(FloatVector x) {
        FloatVector bounded = x.max(ScalarMath.EXP_MIN).min(ScalarMath.EXP_MAX);
        FloatVector shifted = bounded.fma(all(ScalarMath.LOG2_E), all(ScalarMath.ROUND_MAGIC));
        FloatVector minusExponent = shifted.sub(ScalarMath.ROUND_MAGIC).neg();
        FloatVector r =
                minusExponent.fma(all(ScalarMath.LN2_LOW), minusExponent.fma(all(ScalarMath.LN2_HIGH), bounded));
        FloatVector p = all(ScalarMath.EXP_C7).fma(r, all(ScalarMath.EXP_C6));
        p = p.fma(r, all(ScalarMath.EXP_C5));
        p = p.fma(r, all(ScalarMath.EXP_C4));
        p = p.fma(r, all(ScalarMath.EXP_C3));
        p = p.fma(r, all(ScalarMath.EXP_C2));
        p = p.fma(r, all(1f));
        p = p.fma(r, all(1f));
        return scaleByPowerOfTwo(p, shifted.reinterpretAsInts().sub(ROUND_MAGIC_BITS));
    }

    private static FloatVector scaleByPowerOfTwo(FloatVector p, IntVector n) {
        IntVector half = n.lanewise(VectorOperators.ASHR, 1);
        return p.mul(powerOfTwo(half)).mul(powerOfTwo(n.sub(half)));
    }

    private static FloatVector powerOfTwo(IntVector n) {
        return n.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
    }

    /** {@link ScalarMath#silu}. */
    static FloatVector silu(FloatVector x) {
        return x.div(all(1f).add(exp(x.neg())));
    }

    /** {@link ScalarMath#geluTanh}. */
    static FloatVector geluTanh(FloatVector x) {
        FloatVector u = all(ScalarMath.GELU_INNER).mul(x).mul(x).fma(x, x).mul(ScalarMath.GELU_OUTER);
        FloatVector tanh = all(1f).sub(all(2f).div(exp(u.mul(2f)).add(1f)));
        return x.mul(0.5f).mul(tanh.add(1f));
    }

    private static FloatVector all(float number) {
        return FloatVector.broadcast(Lanes.FLOATS, number);
    }
}
