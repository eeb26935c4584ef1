package io.github.pastkv.model.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** Expected numbers: Hugging Face's formulas in Python's double precision. */
class RotaryScalingTest {
    private static final double[] PLAIN = {1.0, 0.2885399811814427, 0.08325532074018731, 0.02402248867962863,
        0.006931448431551462};
    private static final double[] LLAMA3 = {1.0, 0.1992525920471303, 0.010406915092523413,
        0.0030028110849535787, 0.0008664310539439327};

    @Test
    void plain_isAPowerOfTheta() {
        check(new PlainRotary(), PLAIN);
    }

    @Test
    void linear_dividesAll() {
        double[] expected = new double[PLAIN.length];
        for (int pair = 0; pair < expected.length; pair++) {
            expected[pair] = PLAIN[pair] / 2.5;
        }
        check(new LinearRotary(2.5), expected);
    }

    @Test
    void llama3_keepsHighBlendsMiddleAndDividesLowFrequencies() {
        check(new Llama3Rotary(8, 1, 4, 64), LLAMA3);
    }

    @Test
    void attentionFactor_isOne() {
        assertThat(new Llama3Rotary(8, 1, 4, 64).attentionFactor()).isEqualTo(1);
    }

    private static void check(RotaryScaling scaling, double[] expected) {
        assertThat(scaling.inverseFrequencies(10, 500, 4096)).containsExactly(expected, within(1e-15));
    }

}
