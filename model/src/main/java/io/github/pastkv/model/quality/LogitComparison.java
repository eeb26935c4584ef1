package io.github.pastkv.model.quality;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;

/** Adds up a {@link LogitDifference} token by token, in double. */
final class LogitComparison {
    private final double[] reference; // [V]
    private final double[] other; // [V]
    private long numTokens;
    private double sumLogit;
    private double largestLogit;
    private double sumKl;
    private double largestKl;
    private long numSameBest;

    LogitComparison(int vocabSize) {
        reference = new double[vocabSize];
        other = new double[vocabSize];
    }

    /** Compares every token of two F32 tensors {@code [T, V]}. */
    void add(Tensor referenceLogits, Tensor otherLogits) {
        for (int token = 0; token < referenceLogits.shape(0); token++) {
            read(referenceLogits, token, reference);
            read(otherLogits, token, other);
            addToken();
        }
    }

    private static void read(Tensor logits, int token, double[] target) {
        long start = token * logits.stride(0) * Float.BYTES;
        for (int id = 0; id < target.length; id++) {
            target[id] = DataType.F32.read(logits.segment(), start + 4L * id);
        }
    }

    private void addToken() {
        int best = 0;
        int otherBest = 0;
        for (int id = 0; id < reference.length; id++) {
            double difference = Math.abs(reference[id] - other[id]);
            sumLogit += difference;
            largestLogit = Math.max(largestLogit, difference);
            best = reference[id] > reference[best] ? id : best;
            otherBest = other[id] > other[otherBest] ? id : otherBest;
        }
        double divergence = divergence(logSum(reference, best), logSum(other, otherBest));
        sumKl += divergence;
        largestKl = Math.max(largestKl, divergence);
        numSameBest += best == otherBest ? 1 : 0;
        numTokens++;
    }

    /** Logarithm of the sum of exponentials. */
    private static double logSum(double[] logits, int best) {
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit - logits[best]);
        }
        return logits[best] + Math.log(sum);
    }

    /** Sum of p log(p / q): p of the reference, q of the other. */
    private double divergence(double logSum, double otherLogSum) {
        double sum = 0;
        for (int id = 0; id < reference.length; id++) {
            double logP = reference[id] - logSum;
            sum += Math.exp(logP) * (logP - (other[id] - otherLogSum));
        }
        return Math.max(sum, 0); // what is left of equal distributions is rounding
    }

    LogitDifference result() {
        double numLogits = (double) numTokens * reference.length;
        return new LogitDifference(numTokens, sumLogit / numLogits, largestLogit, sumKl / numTokens, largestKl,
                (double) numSameBest / numTokens);
    }
}
