package io.github.pastkv.model.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** Expected numbers: Hugging Face's formulas in Python's double precision. */
class RopeScalingTest {
    private static final double[] PLAIN = {1.0, 0.2885399811814427, 0.08325532074018731, 0.02402248867962863,
        0.006931448431551462};
    private static final double[] LLAMA3 = {1.0, 0.1992525920471303, 0.010406915092523413,
        0.0030028110849535787, 0.0008664310539439327};

    @Test
    void plain_isAPowerOfTheta() {
        check(new DefaultRope(), PLAIN);
    }

    @Test
    void linear_dividesAll() {
        double[] expected = new double[PLAIN.length];
        for (int pair = 0; pair < expected.length; pair++) {
            expected[pair] = PLAIN[pair] / 2.5;
        }
        check(new LinearRope(2.5), expected);
    }

    @Test
    void llama3_keepsHighBlendsMiddleAndDividesLowFrequencies() {
        check(new Llama3Rope(8, 1, 4, 64), LLAMA3);
    }

    /** Up to the trained length nothing changes; beyond it the base grows with the longest row. */
    @Test
    void dynamic_stretchesWithTheLongestRow() {
        DynamicNtkRope dynamic = new DynamicNtkRope(4, 64);
        assertThat(dynamic.inverseFrequencies(10, 500, 64)).containsExactly(PLAIN, within(1e-15));
        assertThat(dynamic.inverseFrequencies(10, 500, 20)).containsExactly(PLAIN, within(1e-15));
        assertThat(dynamic.inverseFrequencies(10, 500, 160)).containsExactly(new double[] {1.0, 0.1773909620831317,
            0.03146755342877908, 0.005582059577133473, 0.000990206918793066}, within(1e-15));
        assertThat(dynamic.effectiveLength(20)).isEqualTo(64);
        assertThat(dynamic.effectiveLength(160)).isEqualTo(160);
        assertThat(dynamic.reach(64)).isEqualTo(256);
    }

    @Test
    void yarn_blendsAlongARamp_ofWholePairsOrNot() {
        assertThat(new YarnRope(8, 1, 1, new YarnRope.Ramp(4, 1, true), 64).inverseFrequencies(10, 500, 4096))
                .containsExactly(new double[] {1.0, 0.16230373941456153, 0.010406915092523413, 0.0030028110849535787,
                    0.0008664310539439327}, within(1e-15));
        assertThat(new YarnRope(8, 1, 1, new YarnRope.Ramp(4, 1, false), 64).inverseFrequencies(10, 500, 4096))
                .containsExactly(new double[] {1.0, 0.23240865928728868, 0.010406915092523413,
                    0.0030028110849535787, 0.0008664310539439327}, within(1e-15));
    }

    @Test
    void yarn_attentionFactor_isThePapersOrAQuotient() {
        assertThat(YarnRope.attentionFactor(8, OptionalDouble.empty(), OptionalDouble.empty()))
                .isCloseTo(1.2079441541679836, within(1e-15));
        assertThat(YarnRope.attentionFactor(8, OptionalDouble.of(0.7), OptionalDouble.of(1.2)))
                .isCloseTo(0.9167912505456107, within(1e-15));
        assertThat(YarnRope.attentionFactor(1, OptionalDouble.empty(), OptionalDouble.empty())).isEqualTo(1);
    }

    @Test
    void longRope_dividesByTheFactorsOfTheSessionsLength() {
        LongRope longRope =
                new LongRope(List.of(1.0, 1.0, 2.0, 2.0, 4.0), List.of(2.0, 4.0, 8.0, 8.0, 8.0), 1.2, 64);
        double[] ofShort = longRope.inverseFrequencies(10, 500, 64);
        double[] ofLong = longRope.inverseFrequencies(10, 500, 65);
        assertThat(ofShort[4]).isCloseTo(PLAIN[4] / 4, within(1e-15));
        assertThat(ofLong[1]).isCloseTo(PLAIN[1] / 4, within(1e-15));
        assertThat(longRope.effectiveLength(3)).isEqualTo(longRope.effectiveLength(64));
        assertThat(longRope.effectiveLength(65)).isEqualTo(longRope.effectiveLength(4096)).isNotEqualTo(64);
    }

    @Test
    void attentionFactor_isOne() {
        assertThat(new Llama3Rope(8, 1, 4, 64).attentionFactor(64)).isEqualTo(1);
    }

    private static void check(RopeScaling scaling, double[] expected) {
        assertThat(scaling.inverseFrequencies(10, 500, 4096)).containsExactly(expected, within(1e-15));
    }

}
