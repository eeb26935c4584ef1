package io.github.pastkv.kernels.vector;

import io.github.pastkv.kernels.ScalarMath;
import io.github.pastkv.kernels.Xielu;
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

    /** {@link ScalarMath#tanh}. */
    static FloatVector tanh(FloatVector x) {
        FloatVector magnitude = x.abs();
        FloatVector large = all(1f).sub(all(2f).div(exp(magnitude.mul(2f)).add(1f)));
        return withSign(large, x).blend(tanhSmall(x), magnitude.lt(ScalarMath.TANH_LARGE));
    }

    private static FloatVector tanhSmall(FloatVector x) {
        FloatVector s = x.mul(x);
        FloatVector p = all(ScalarMath.TANH_C9).fma(s, all(ScalarMath.TANH_C7));
        p = p.fma(s, all(ScalarMath.TANH_C5));
        p = p.fma(s, all(ScalarMath.TANH_C3));
        p = p.fma(s, all(ScalarMath.TANH_C1));
        return p.mul(s).fma(x, x);
    }

    /** {@link ScalarMath#erf}. */
    static FloatVector erf(FloatVector x) {
        FloatVector magnitude = x.abs();
        FloatVector large = all(1f).sub(exp(erfExponent(magnitude).neg()));
        return withSign(large, x).blend(erfSmall(x), magnitude.lt(ScalarMath.ERF_LARGE));
    }

    private static FloatVector erfSmall(FloatVector x) {
        FloatVector s = x.mul(x);
        FloatVector p = all(ScalarMath.ERF_A6).fma(s, all(ScalarMath.ERF_A5));
        p = p.fma(s, all(ScalarMath.ERF_A4));
        p = p.fma(s, all(ScalarMath.ERF_A3));
        p = p.fma(s, all(ScalarMath.ERF_A2));
        p = p.fma(s, all(ScalarMath.ERF_A1));
        p = p.fma(s, all(ScalarMath.ERF_A0));
        return p.fma(x, x);
    }

    private static FloatVector erfExponent(FloatVector magnitude) {
        FloatVector t = magnitude.min(ScalarMath.ERF_ONE);
        FloatVector q = all(ScalarMath.ERF_B6).fma(t, all(ScalarMath.ERF_B5));
        q = q.fma(t, all(ScalarMath.ERF_B4));
        q = q.fma(t, all(ScalarMath.ERF_B3));
        q = q.fma(t, all(ScalarMath.ERF_B2));
        q = q.fma(t, all(ScalarMath.ERF_B1));
        return q.fma(t, all(ScalarMath.ERF_B0));
    }

    /** Magnitudes that are not negative, with the signs of {@code x}. */
    private static FloatVector withSign(FloatVector magnitude, FloatVector x) {
        IntVector sign = x.reinterpretAsInts().and(0x8000_0000);
        return magnitude.reinterpretAsInts().or(sign).reinterpretAsFloats();
    }

    /** {@link ScalarMath#gelu}. */
    static FloatVector gelu(FloatVector x) {
        return x.mul(0.5f).mul(erf(x.mul(ScalarMath.SQRT_HALF)).add(1f));
    }

    /** {@link ScalarMath#softCap}. */
    static FloatVector softCap(FloatVector x, float cap) {
        return tanh(x.div(cap)).mul(cap);
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

    /** {@link Xielu#of}. */
    static FloatVector xielu(FloatVector x, Xielu xielu) {
        FloatVector parabola = x.mul(xielu.positive()).mul(x);
        FloatVector exponential = exp(x.min(xielu.epsilon())).sub(1f).sub(x).mul(xielu.negative());
        return exponential.blend(parabola, x.compare(VectorOperators.GT, 0f)).add(x.mul(xielu.beta()));
    }

    private static FloatVector all(float number) {
        return FloatVector.broadcast(Lanes.FLOATS, number);
    }
}
