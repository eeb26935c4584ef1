package io.github.pastkv.model.config;

import java.util.OptionalDouble;

/**
 * YaRN (Peng et al. 2023): pairs that turn often within the trained context stay, those that turn seldom are divided by
 * the factor, and those between are blended along a ramp over the pairs; cosines and sines grow a little.
 *
 * @param factor divides low frequencies
 * @param attentionFactor factor of all cosines and sines
 * @param ramp between which numbers of turns the blend lies
 * @param scoreFactor factor of attention scores in models that have one (DeepSeek)
 * @param originalMaxSeqLen the context that the model was first trained for, in tokens
 */
public record YarnRope(double factor, double attentionFactor, double scoreFactor, Ramp ramp, int originalMaxSeqLen)
        implements
        RopeScaling {
    /**
     * The ends of the blend.
     *
     * @param betaFast pairs with more turns stay
     * @param betaSlow pairs with fewer turns are divided
     * @param truncate whether its ends are whole pairs
     */
    public record Ramp(double betaFast, double betaSlow, boolean truncate) {}

    /**
     * The attention factor of the paper, {@code 0.1 mscale ln(factor) + 1}, or of DeepSeek's quotient of two of them.
     */
    public static double attentionFactor(double factor, OptionalDouble mscale, OptionalDouble mscaleAllDim) {
        return mscale.isPresent() && mscaleAllDim.isPresent()
                ? grown(factor, mscale.getAsDouble()) / grown(factor, mscaleAllDim.getAsDouble())
                : grown(factor, 1);
    }

    /** The factor of scores in DeepSeek's models: the square of what {@code mscale_all_dim} grows to. */
    public static double scoreFactor(double factor, OptionalDouble mscaleAllDim) {
        double grown = mscaleAllDim.isPresent() ? grown(factor, mscaleAllDim.getAsDouble()) : 1;
        return grown * grown;
    }

    private static double grown(double factor, double mscale) {
        return factor <= 1 ? 1 : 0.1 * mscale * StrictMath.log(factor) + 1;
    }

    @Override
    public double attentionFactor(int maxSeqLen) {
        return attentionFactor;
    }

    @Override
    public double[] inverseFrequencies(int rotaryDim, double theta, int maxSeqLen) {
        double low = pairOfTurns(ramp.betaFast, rotaryDim, theta);
        double high = pairOfTurns(ramp.betaSlow, rotaryDim, theta);
        double from = Math.max(ramp.truncate ? Math.floor(low) : low, 0);
        double to = Math.min(ramp.truncate ? Math.ceil(high) : high, rotaryDim - 1);
        double width = from == to ? 0.001 : to - from;
        double[] frequencies = new DefaultRope().inverseFrequencies(rotaryDim, theta, maxSeqLen);
        for (int pair = 0; pair < frequencies.length; pair++) {
            double divided = Math.clamp((pair - from) / width, 0, 1);
            frequencies[pair] = frequencies[pair] / factor * divided + frequencies[pair] * (1 - divided);
        }
        return frequencies;
    }

    /** The pair, as a fraction, that makes so many turns within the original context. */
    private double pairOfTurns(double turns, int rotaryDim, double theta) {
        return rotaryDim * StrictMath.log(originalMaxSeqLen / (turns * 2 * Math.PI)) / (2 * StrictMath.log(theta));
    }
}
