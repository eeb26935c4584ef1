package io.github.pastkv.model.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SamplingOptionsTest {
    @Test
    void greedy_isTheDefaultOfAllWiths() {
        assertThat(SamplingOptions.GREEDY.isGreedy()).isTrue();
        assertThat(SamplingOptions.GREEDY.withTemperature(0.5).withTopK(3).withTopP(0.9).withRepetitionPenalty(1.1)
                .withSeed(7)).isEqualTo(new SamplingOptions(0.5, 3, 0.9, 1.1, 7));
    }

    @Test
    void wrongValues_areRefusedByName() {
        SamplingOptions greedy = SamplingOptions.GREEDY;
        assertRefused(() -> greedy.withTemperature(-1), "temperature: -1.0, must be at least 0");
        assertRefused(() -> greedy.withTemperature(Double.NaN), "temperature: NaN, must be at least 0");
        assertRefused(() -> greedy.withTemperature(1 / 0.0), "temperature: Infinity, must be at least 0 and finite");
        assertRefused(() -> greedy.withTopK(-1), "topK: -1, must be at least 0");
        assertRefused(() -> greedy.withTopP(1.01), "topP: 1.01, must be in [0, 1]");
        assertRefused(() -> greedy.withRepetitionPenalty(0), "repetitionPenalty: 0.0, must be positive");
    }

    private static void assertRefused(Runnable call, String message) {
        assertThatThrownBy(call::run).isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(message);
    }
}
