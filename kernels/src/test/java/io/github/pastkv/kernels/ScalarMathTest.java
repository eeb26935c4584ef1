package io.github.pastkv.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ScalarMathTest {
    @Test
    void tanh_isWithinTwoUlp() {
        double worst = 0;
        for (float x = 1e-6f; x < 12f; x = Math.nextUp(x * 1.00001f)) {
            worst = Math.max(worst, ulpsOff(ScalarMath.tanh(x), StrictMath.tanh(x)));
            assertThat(ScalarMath.tanh(-x)).isEqualTo(-ScalarMath.tanh(x));
        }
        assertThat(worst).isLessThan(2);
        assertThat(ScalarMath.tanh(0f)).isZero();
        assertThat(ScalarMath.tanh(Float.POSITIVE_INFINITY)).isEqualTo(1f);
        assertThat(ScalarMath.tanh(Float.NEGATIVE_INFINITY)).isEqualTo(-1f);
        assertThat(ScalarMath.tanh(Float.NaN)).isNaN();
    }

    @Test
    void erf_isWithinTwoUlp() {
        double worst = 0;
        for (float x = 1e-6f; x < 6f; x = Math.nextUp(x * 1.0001f)) {
            worst = Math.max(worst, ulpsOff(ScalarMath.erf(x), erf(x)));
            assertThat(ScalarMath.erf(-x)).isEqualTo(-ScalarMath.erf(x));
        }
        assertThat(worst).isLessThan(2);
        assertThat(ScalarMath.erf(0f)).isZero();
        assertThat(ScalarMath.erf(Float.POSITIVE_INFINITY)).isEqualTo(1f);
        assertThat(ScalarMath.erf(Float.NaN)).isNaN();
    }

    @Test
    void softCap_bendsTowardTheCap() {
        assertThat(ScalarMath.softCap(1000f, 30f)).isEqualTo(30f);
        assertThat(ScalarMath.softCap(-1000f, 30f)).isEqualTo(-30f);
        assertThat(ulpsOff(ScalarMath.softCap(12f, 30f), 30 * StrictMath.tanh(0.4))).isLessThan(3);
    }

    private static double ulpsOff(float actual, double exact) {
        return Math.abs(actual - exact) / Math.ulp((float) exact);
    }

    /** The series x (1 + 2x^2/3 (1 + 2x^2/5 (...))) 2 / sqrt(pi) e^-x^2, all terms positive. */
    private static double erf(double x) {
        double sum = 0;
        double term = x;
        for (int n = 1; term > sum * 1e-18; n++) {
            sum += term;
            term *= 2 * x * x / (2 * n + 1);
        }
        return 2 / Math.sqrt(Math.PI) * StrictMath.exp(-x * x) * sum;
    }
}
