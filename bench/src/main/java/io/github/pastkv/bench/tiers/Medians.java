package io.github.pastkv.bench.tiers;

import java.util.List;

/** Medians of measurements. */
final class Medians {
    private Medians() {}

    /** The median of one number or more; of an even count the mean of the two in the middle. */
    static double of(List<Double> numbers) {
        List<Double> sorted = numbers.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }
}
