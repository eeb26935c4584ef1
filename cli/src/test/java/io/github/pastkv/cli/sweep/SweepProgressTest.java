package io.github.pastkv.cli.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SweepProgressTest {
    private static SweepProgress of(long numCells, long numDone, int numCases, boolean isStopped) {
        return new SweepProgress(new SweepProgress.Extent("patching", numCells, numDone, numCases, 0), () -> isStopped);
    }

    @Test
    void text_hasRateAndTimeLeft_onceThereAreSome() {
        SweepProgress progress = of(1200, 0, 1, false);
        progress.begin("resid_pre", 0);
        assertThat(progress.text(2)).isEqualTo("patching resid_pre, 1,200 cells");
        assertThat(progress.onProgress(300, 1200)).isTrue();
        assertThat(progress.text(2)).isEqualTo("patching resid_pre, 300 of 1,200 cells, 150 a second, 6 s left");
    }

    @Test
    void text_ofSeveralGridsAndPairs_countsThemAll_andOnlyNewRunsForTheRate() {
        SweepProgress progress = of(400, 100, 2, false);
        progress.begin("resid_pre", 0);
        boolean _ = progress.onProgress(40, 40);
        progress.begin("attn_out", 0);
        boolean _ = progress.onProgress(60, 60);
        assertThat(progress.text(10))
                .isEqualTo("patching attn_out of pair 1 of 2, 200 of 400 cells, 10 a second, 20 s left");
        progress.begin("resid_pre", 1);
        boolean _ = progress.onProgress(50, 100);
        assertThat(progress.text(10))
                .isEqualTo("patching resid_pre of pair 2 of 2, 250 of 400 cells, 15 a second, 10 s left");
    }

    @Test
    void sweep_endsWhenItIsStopped() {
        assertThat(of(10, 0, 1, true).onProgress(1, 10)).isFalse();
    }
}
