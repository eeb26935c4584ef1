package io.github.pastkv.model.config;

/**
 * Linear scaling: all frequencies are divided by one factor, as if positions were closer together.
 *
 * @param factor at least 1
 */
public record LinearRope(double factor) implements RopeScaling {
    @Override
    public double[] inverseFrequencies(int rotaryDim, double theta, int maxSeqLen) {
        double[] frequencies = new DefaultRope().inverseFrequencies(rotaryDim, theta, maxSeqLen);
        for (int pair = 0; pair < frequencies.length; pair++) {
            frequencies[pair] /= factor;
        }
        return frequencies;
    }
}
