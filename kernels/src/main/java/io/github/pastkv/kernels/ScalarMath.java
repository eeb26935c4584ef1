package io.github.pastkv.kernels;

/**
 * Elementary functions as fixed sequences of single-precision operations, so that a vector version that performs the
 * same operations in each lane gives the same bits, compiled or interpreted. Relative error of {@link #exp} is below 2
 * ulp.
 */
public final class ScalarMath {
    /** Below this exp is 0. */
    public static final float EXP_MIN = -104f;
    /** Above this exp is infinite. */
    public static final float EXP_MAX = 89f;
    public static final float LOG2_E = 0x1.715476p0f;
    /** Adding and subtracting it rounds to an integer: 1.5 * 2^23. */
    public static final float ROUND_MAGIC = 0x1.8p23f;
    /** Upper part of ln 2, exact times any exponent that occurs. */
    public static final float LN2_HIGH = 0x1.62e4p-1f;
    public static final float LN2_LOW = 0x1.7f7d1cp-20f;
    /** Taylor coefficients of exp, 1/7! down to 1/2!; the last two are 1. */
    public static final float EXP_C7 = 1f / 5040;
    public static final float EXP_C6 = 1f / 720;
    public static final float EXP_C5 = 1f / 120;
    public static final float EXP_C4 = 1f / 24;
    public static final float EXP_C3 = 1f / 6;
    public static final float EXP_C2 = 1f / 2;

    public static final float GELU_INNER = 0.044715f;
    /** sqrt(2 / pi). */
    public static final float GELU_OUTER = 0.7978845608028654f;

    public static final float SQRT_HALF = 0.70710678118654752f;

    // Polynomials fitted by reweighted least squares to minimize the maximum relative error.
    /** From here on tanh is computed from exp. */
    public static final float TANH_LARGE = 0.625f;
    public static final float TANH_C1 = -0.3333328366279602f;
    public static final float TANH_C3 = 0.13331490755081177f;
    public static final float TANH_C5 = -0.05374349281191826f;
    public static final float TANH_C7 = 0.02065056934952736f;
    public static final float TANH_C9 = -0.005717025604099035f;

    /** From here on erf is computed from exp. */
    public static final float ERF_LARGE = 1f;
    /** From here on erf is 1. */
    public static final float ERF_ONE = 4f;
    public static final float ERF_A0 = 0.12837916612625122f;
    public static final float ERF_A1 = -0.3761262595653534f;
    public static final float ERF_A2 = 0.1128358542919159f;
    public static final float ERF_A3 = -0.026853810995817184f;
    public static final float ERF_A4 = 0.00518832728266716f;
    public static final float ERF_A5 = -0.000801019137725234f;
    public static final float ERF_A6 = 7.85385345807299e-05f;
    public static final float ERF_B0 = 0.0003536964941304177f;
    public static final float ERF_B1 = 1.127040147781372f;
    public static final float ERF_B2 = 0.6382254958152771f;
    public static final float ERF_B3 = 0.1030375137925148f;
    public static final float ERF_B4 = -0.02180538885295391f;
    public static final float ERF_B5 = 0.0029396256431937218f;
    public static final float ERF_B6 = -0.0001855759328464046f;

    private ScalarMath() {}

    /** e^x; 0 below about -104, infinite above about 88.7, NaN for NaN. */
    public static float exp(float x) {
        float bounded = Math.min(Math.max(x, EXP_MIN), EXP_MAX);
        float shifted = Math.fma(bounded, LOG2_E, ROUND_MAGIC);
        float exponent = shifted - ROUND_MAGIC;
        float r = Math.fma(-exponent, LN2_LOW, Math.fma(-exponent, LN2_HIGH, bounded));
        float p = Math.fma(EXP_C7, r, EXP_C6);
        p = Math.fma(p, r, EXP_C5);
        p = Math.fma(p, r, EXP_C4);
        p = Math.fma(p, r, EXP_C3);
        p = Math.fma(p, r, EXP_C2);
        p = Math.fma(p, r, 1f);
        p = Math.fma(p, r, 1f);
        return scaleByPowerOfTwo(p, Float.floatToRawIntBits(shifted) - Float.floatToRawIntBits(ROUND_MAGIC));
    }

    /** p * 2^n in two exact factors, so that results down to the smallest subnormal round once. */
    private static float scaleByPowerOfTwo(float p, int n) {
        int half = n >> 1;
        return p * powerOfTwo(half) * powerOfTwo(n - half);
    }

    private static float powerOfTwo(int n) {
        return Float.intBitsToFloat((n + 127) << 23);
    }

    /** tanh(x), below 2 ulp: an odd polynomial near 0, elsewhere 1 - 2 / (e^2|x| + 1). */
    public static float tanh(float x) {
        float magnitude = Math.abs(x);
        return magnitude < TANH_LARGE ? tanhSmall(x) : Math.copySign(1f - 2f / (exp(2f * magnitude) + 1f), x);
    }

    private static float tanhSmall(float x) {
        float s = x * x;
        float p = Math.fma(TANH_C9, s, TANH_C7);
        p = Math.fma(p, s, TANH_C5);
        p = Math.fma(p, s, TANH_C3);
        p = Math.fma(p, s, TANH_C1);
        return Math.fma(p * s, x, x);
    }

    /** The error function, below 2 ulp: an odd polynomial up to 1, beyond it 1 - e^-q(|x|) with a polynomial q. */
    public static float erf(float x) {
        float magnitude = Math.abs(x);
        return magnitude < ERF_LARGE ? erfSmall(x) : Math.copySign(1f - exp(-erfExponent(magnitude)), x);
    }

    private static float erfSmall(float x) {
        float s = x * x;
        float p = Math.fma(ERF_A6, s, ERF_A5);
        p = Math.fma(p, s, ERF_A4);
        p = Math.fma(p, s, ERF_A3);
        p = Math.fma(p, s, ERF_A2);
        p = Math.fma(p, s, ERF_A1);
        p = Math.fma(p, s, ERF_A0);
        return Math.fma(p, x, x);
    }

    private static float erfExponent(float magnitude) {
        float t = Math.min(magnitude, ERF_ONE);
        float q = Math.fma(ERF_B6, t, ERF_B5);
        q = Math.fma(q, t, ERF_B4);
        q = Math.fma(q, t, ERF_B3);
        q = Math.fma(q, t, ERF_B2);
        q = Math.fma(q, t, ERF_B1);
        return Math.fma(q, t, ERF_B0);
    }

    /** GELU in its exact form, 0.5 x (1 + erf(x / sqrt(2))). */
    public static float gelu(float x) {
        return 0.5f * x * (1f + erf(x * SQRT_HALF));
    }

    /** max(x, 0). */
    public static float relu(float x) {
        return Math.max(x, 0f);
    }

    /** cap * tanh(x / cap). */
    public static float softCap(float x, float cap) {
        return tanh(x / cap) * cap;
    }

    /** x / (1 + e^-x). */
    public static float silu(float x) {
        return x / (1f + exp(-x));
    }

    /** GELU in its tanh form; tanh(u) is 1 - 2 / (e^2u + 1). */
    public static float geluTanh(float x) {
        float u = GELU_OUTER * Math.fma(GELU_INNER * x * x, x, x);
        float tanh = 1f - 2f / (exp(2f * u) + 1f);
        return 0.5f * x * (1f + tanh);
    }

    /** Correctly rounded: the square root of a float, taken in double, rounds to the same float. */
    public static float sqrt(float x) {
        return (float) Math.sqrt(x);
    }
}
