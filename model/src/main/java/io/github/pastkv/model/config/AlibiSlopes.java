package io.github.pastkv.model.config;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Slopes of ALiBi (Press et al. 2021): how much a head's score falls for each position of distance. */
public final class AlibiSlopes {
    private AlibiSlopes() {}

    /**
     * Bloom's and Falcon's for any number of heads: those of the next lower power of two n are {@code 2^(-8 i / n)} for
     * i from 1; heads beyond take every second slope of 2n heads.
     */
    public static List<Double> ofLowerPower(int numHeads) {
        int power = Integer.highestOneBit(numHeads);
        return IntStream.range(0, numHeads)
                .mapToObj(head -> slope(head < power ? 2.0 * (head + 1) : 2.0 * (head - power) + 1, 2 * power))
                .toList();
    }

    /** MPT's: those of the next higher power of two, every second one first, then the others, as many as heads. */
    public static List<Double> ofHigherPower(int numHeads) {
        int power = Integer.highestOneBit(numHeads) == numHeads ? numHeads : 2 * Integer.highestOneBit(numHeads);
        List<Double> slopes = new ArrayList<>();
        if (power == numHeads) {
            IntStream.rangeClosed(1, power).forEach(i -> slopes.add(slope(i, power)));
        } else {
            IntStream.iterate(2, i -> i <= power, i -> i + 2).forEach(i -> slopes.add(slope(i, power)));
            IntStream.iterate(1, i -> i <= power, i -> i + 2).forEach(i -> slopes.add(slope(i, power)));
        }
        return List.copyOf(slopes.subList(0, numHeads));
    }

    private static double slope(double i, int numSlopes) {
        return StrictMath.pow(2, -8.0 * i / numSlopes);
    }
}
