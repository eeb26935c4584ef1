package io.github.pastkv.model.config;

/**
 * HunYuan's NTK-aware scaling: the base times {@code alpha^(rotaryDim / (rotaryDim - 2))}, whatever the length.
 *
 * @param alpha how far the longest wavelength stretches
 */
public record AlphaNtkRope(double alpha) implements RopeScaling {
    @Override
    public double[] inverseFrequencies(int rotaryDim, double theta, int maxSeqLen) {
        double base = theta * StrictMath.pow(alpha, rotaryDim / (rotaryDim - 2.0));
        return new DefaultRope().inverseFrequencies(rotaryDim, base, maxSeqLen);
    }
}
