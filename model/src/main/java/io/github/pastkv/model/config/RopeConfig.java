package io.github.pastkv.model.config;

/**
 * Queries and keys turned by an angle that grows with the position (RoFormer, Su et al. 2021). The two halves of the
 * turned dimensions are paired: dimension i with i + rotaryDim / 2.
 *
 * @param rotaryDim leading dimensions of a head that are turned; even
 * @param theta the base of the frequencies
 * @param scaling how the frequencies are changed for longer contexts
 */
public record RopeConfig(int rotaryDim, double theta, RopeScaling scaling) {
    /**
     * Angle per position of each pair, {@code [rotaryDim / 2]}.
     *
     * @param maxSeqLen longest row of the session, in tokens
     */
    public double[] inverseFrequencies(int maxSeqLen) {
        return scaling.inverseFrequencies(rotaryDim, theta, maxSeqLen);
    }
}
