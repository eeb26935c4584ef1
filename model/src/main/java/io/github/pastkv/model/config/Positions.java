package io.github.pastkv.model.config;

/** How a model tells positions apart. */
public sealed interface Positions {
    /** A learned row for each position, added to the token's embedding. */
    record Learned() implements Positions {}

    /**
     * Queries and keys turned by an angle that grows with the position (RoFormer, Su et al. 2021). The two halves of
     * the turned dimensions are paired: dimension i with i + rotaryDim / 2.
     *
     * @param rotaryDim leading dimensions of a head that are turned; even
     * @param theta the base of the frequencies
     * @param scaling how the frequencies are changed for longer contexts
     */
    record Rotary(int rotaryDim, double theta, RotaryScaling scaling) implements Positions {
        /** Angle per position of each pair, {@code [rotaryDim / 2]}. */
        public double[] inverseFrequencies() {
            return scaling.inverseFrequencies(rotaryDim, theta);
        }
    }
}
