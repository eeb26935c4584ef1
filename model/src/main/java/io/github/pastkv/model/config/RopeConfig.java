package io.github.pastkv.model.config;

/**
 * Rotary position embedding of queries and keys (RoPE; RoFormer, Su et al. 2021).
 *
 * @param rotaryDim number of leading dimensions of a head that are rotated; even
 * @param theta the base of the frequencies
 * @param scaling how the frequencies are changed for longer contexts
 * @param isInterleaved whether neighboring dimensions are paired, dimensions 2i and 2i + 1, rather than i and i +
 *        rotaryDim / 2
 */
public record RopeConfig(int rotaryDim, double theta, RopeScaling scaling, boolean isInterleaved) {
    /** RoPE that pairs the two halves. */
    public RopeConfig(int rotaryDim, double theta, RopeScaling scaling) {
        this(rotaryDim, theta, scaling, false);
    }

    /** The same with neighbors paired. */
    public RopeConfig interleaved() {
        return new RopeConfig(rotaryDim, theta, scaling, true);
    }

    /**
     * Angle per position of each pair, {@code [rotaryDim / 2]}.
     *
     * @param maxSeqLen longest row of the session, in tokens
     */
    public double[] inverseFrequencies(int maxSeqLen) {
        return scaling.inverseFrequencies(rotaryDim, theta, maxSeqLen);
    }
}
