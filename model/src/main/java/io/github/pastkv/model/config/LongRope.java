package io.github.pastkv.model.config;

import java.util.List;

/**
 * LongRoPE (Ding et al. 2024): a divisor for each pair, one set for rows up to the original context and another for
 * longer ones.
 *
 * @param shortFactors divisors for rows up to the original context, {@code [rotaryDim / 2]}
 * @param longFactors divisors for longer rows, {@code [rotaryDim / 2]}
 * @param shortAttentionFactor factor of all cosines and sines of rows up to the original context
 * @param longAttentionFactor factor of all cosines and sines of longer rows
 * @param originalMaxSeqLen the context that the model was first trained for, in tokens
 */
public record LongRope(List<Double> shortFactors, List<Double> longFactors, double shortAttentionFactor,
        double longAttentionFactor, int originalMaxSeqLen) implements RopeScaling {
    /** One factor of cosines and sines for rows of any length. */
    public LongRope(List<Double> shortFactors, List<Double> longFactors, double attentionFactor,
            int originalMaxSeqLen) {
        this(shortFactors, longFactors, attentionFactor, attentionFactor, originalMaxSeqLen);
    }

    public LongRope {
        shortFactors = List.copyOf(shortFactors);
        longFactors = List.copyOf(longFactors);
    }

    @Override
    public double[] inverseFrequencies(int rotaryDim, double theta, int maxSeqLen) {
        List<Double> divisors = maxSeqLen > originalMaxSeqLen ? longFactors : shortFactors;
        double[] frequencies = new DefaultRope().inverseFrequencies(rotaryDim, theta, maxSeqLen);
        for (int pair = 0; pair < frequencies.length; pair++) {
            frequencies[pair] /= divisors.get(pair);
        }
        return frequencies;
    }

    @Override
    public double attentionFactor(int maxSeqLen) {
        return maxSeqLen > originalMaxSeqLen ? longAttentionFactor : shortAttentionFactor;
    }

    /** All rows up to the original context are alike, and so are all longer ones. */
    @Override
    public int effectiveLength(int maxSeqLen) {
        return maxSeqLen > originalMaxSeqLen ? originalMaxSeqLen + 1 : originalMaxSeqLen;
    }

    /** The short factors: longer texts need an explicit length, as all their keys differ. */
    @Override
    public int defaultReach(int maxSeqLen) {
        return Math.min(maxSeqLen, originalMaxSeqLen);
    }
}
