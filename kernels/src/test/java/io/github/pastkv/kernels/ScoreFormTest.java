package io.github.pastkv.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ScoreFormTest {
    @Test
    void alibi_ofAPowerOfTwo_isTheGeometricSequence() {
        ScoreForm form = ScoreForm.scaled(1f).withAlibi(8);
        for (int head = 0; head < 8; head++) {
            assertThat(form.slope(head)).isEqualTo((float) Math.pow(2, -(head + 1)));
        }
    }

    /** Heads beyond four take the odd ones of eight. */
    @Test
    void alibi_ofAnyOtherNumber_fillsUpFromTwiceAsMany() {
        ScoreForm form = ScoreForm.scaled(1f).withAlibi(7);
        float[] expected = {0x1p-2f, 0x1p-4f, 0x1p-6f, 0x1p-8f, 0x1p-1f, 0x1p-3f, 0x1p-5f};
        for (int head = 0; head < expected.length; head++) {
            assertThat(form.slope(head)).isEqualTo(expected[head]);
        }
        assertThat(ScoreForm.scaled(1f).withAlibi(1).slope(0)).isEqualTo(0x1p-8f);
    }

    @Test
    void scaled_hasNeitherCapNorSlopes() {
        assertThat(ScoreForm.scaled(0.3f).softCap()).isZero();
        assertThat(ScoreForm.scaled(0.3f).hasSlopes()).isFalse();
    }
}
