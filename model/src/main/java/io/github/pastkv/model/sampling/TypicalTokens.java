package io.github.pastkv.model.sampling;

import java.util.Comparator;
import java.util.stream.IntStream;

/** Locally typical sampling (Meister et al. 2022). */
final class TypicalTokens {
    private TypicalTokens() {}

    /**
     * Sets the weights of candidates to 0 that are not typical: sorted by how far their information is from the
     * entropy, those after the first that reach typical-p together. Equals keep the order of ranks.
     */
    static void keep(double[] weights, int numCandidates, double typicalP) {
        double[] probabilities = probabilities(weights, numCandidates);
        double mass = 0;
        for (int rank : byDistanceFromEntropy(probabilities)) {
            if (mass >= typicalP) {
                weights[rank] = 0;
            }
            mass += probabilities[rank];
        }
    }

    private static double[] probabilities(double[] weights, int numCandidates) {
        double total = sum(weights, numCandidates);
        double[] probabilities = new double[numCandidates];
        for (int rank = 0; rank < numCandidates; rank++) {
            probabilities[rank] = weights[rank] / total;
        }
        return probabilities;
    }

    /** The sum of the first weights, from the first to the last. */
    static double sum(double[] weights, int numWeights) {
        double sum = 0;
        for (int i = 0; i < numWeights; i++) {
            sum += weights[i];
        }
        return sum;
    }

    private static int[] byDistanceFromEntropy(double[] probabilities) {
        double entropy = 0;
        for (double probability : probabilities) {
            entropy -= probability > 0 ? probability * StrictMath.log(probability) : 0;
        }
        double[] distances = new double[probabilities.length];
        for (int rank = 0; rank < distances.length; rank++) {
            distances[rank] = Math.abs(-StrictMath.log(probabilities[rank]) - entropy);
        }
        return IntStream.range(0, distances.length).boxed()
                .sorted(Comparator.comparingDouble((Integer rank) -> distances[rank])).mapToInt(rank -> rank)
                .toArray();
    }
}
