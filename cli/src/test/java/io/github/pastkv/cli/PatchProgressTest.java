package io.github.pastkv.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PatchProgressTest {
    @Test
    void text_hasRateAndTimeLeft_onceThereAreSome() {
        PatchProgress progress = new PatchProgress("resid_pre", 1200, () -> false);
        assertThat(progress.text(2)).isEqualTo("patching resid_pre, 1,200 runs");
        assertThat(progress.onProgress(300, 1200)).isTrue();
        assertThat(progress.text(2)).isEqualTo("patching resid_pre, 300 of 1,200 runs, 150 a second, 6 s left");
    }

    @Test
    void sweep_endsWhenItIsStopped() {
        assertThat(new PatchProgress("resid_pre", 10, () -> true).onProgress(1, 10)).isFalse();
    }
}
