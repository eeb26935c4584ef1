package io.github.pastkv.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.layout.KvWindow;
import java.util.List;
import org.junit.jupiter.api.Test;

class BenchResultTest {
    private static BenchResult result(int depth, double cacheBytes, Double... seconds) {
        BenchCase test = new BenchCase(BenchCase.Kind.DECODE, 10, depth, 3);
        return new BenchResult(test, List.of(seconds), 10, 1000, cacheBytes, 500, 100, 50);
    }

    @Test
    void median_ofOddAndEvenNumbers() {
        assertThat(result(0, 0, 5.0, 1.0, 3.0).medianSeconds()).isEqualTo(3);
        assertThat(result(0, 0, 5.0, 1.0, 3.0, 2.0).medianSeconds()).isEqualTo(2.5);
        assertThat(result(0, 0, 5.0, 1.0, 3.0).tokensPerSecond()).isEqualTo(10);
        assertThat(result(0, 0, 5.0, 1.0, 3.0).minTokensPerSecond()).isEqualTo(6);
        assertThat(result(0, 0, 5.0, 1.0, 3.0).maxTokensPerSecond()).isEqualTo(30);
    }

    @Test
    void cachePart_isWhatDepthAdds() {
        BenchResult shallow = result(0, 100, 2.0);
        assertThat(result(64, 700, 5.0).cacheBytesPerSecond(shallow)).hasValue(200);
        assertThat(result(64, 700, 2.0).cacheBytesPerSecond(shallow)).isEmpty();
        assertThat(shallow.cacheBytesPerSecond(shallow)).isEmpty();
    }

    @Test
    void visibleKeys_areCountedTokenByToken() {
        assertThat(new BenchCase(BenchCase.Kind.PROMPT, 5, 7, 1).visibleKeys(KvWindow.NONE))
                .isEqualTo(8 + 9 + 10 + 11 + 12);
        // the token that starts decoding is in the cache, then each sees itself too
        assertThat(new BenchCase(BenchCase.Kind.DECODE, 3, 7, 2).visibleKeys(KvWindow.NONE))
                .isEqualTo(2 * (9 + 10 + 11));
        assertThat(new BenchCase(BenchCase.Kind.PROMPT, 4, 3, 2).visibleKeys(new KvWindow(4, 1)))
                .isEqualTo(2 * (4 + 5 + 5 + 5));
    }
}
