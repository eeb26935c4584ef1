package io.github.pastkv.model.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CounterBasedRngTest {
    @Test
    void uniform_dependsOnAllThreeArguments() {
        Set<Double> values = new HashSet<>();
        for (int seed = 0; seed < 10; seed++) {
            for (int sampleIndex = 0; sampleIndex < 10; sampleIndex++) {
                for (int position = 0; position < 100; position++) {
                    values.add(CounterBasedRng.uniform(seed, sampleIndex, position));
                }
            }
        }
        assertThat(values).hasSize(10_000).allMatch(value -> value >= 0 && value < 1);
    }

    /** Written down once: these numbers must never change, or every seeded text would. */
    @Test
    void uniform_isTheSameForEver() {
        assertThat(CounterBasedRng.uniform(0, 0, 0)).isEqualTo(0.13870941014555427);
        assertThat(CounterBasedRng.uniform(42, 3, 1000)).isEqualTo(0.4898355229252481);
    }

    /** Neighboring counters: means, and counts of 16 buckets, as of independent numbers. */
    @Test
    void uniform_ofNeighbors_isEven() {
        int[] counts = new int[16];
        double sum = 0;
        double product = 0;
        int numDraws = 160_000;
        for (int position = 0; position < numDraws; position++) {
            double value = CounterBasedRng.uniform(1, 0, position);
            counts[(int) (16 * value)]++;
            sum += value;
            product += value * CounterBasedRng.uniform(1, 1, position);
        }
        assertThat(sum / numDraws).isBetween(0.497, 0.503);
        assertThat(product / numDraws).isBetween(0.248, 0.252);
        assertThat(Arrays.stream(counts)).allMatch(count -> Math.abs(count - 10_000) < 500);
    }
}
