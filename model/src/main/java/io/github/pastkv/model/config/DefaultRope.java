package io.github.pastkv.model.config;

/** Frequencies as in the first paper: pair i turns by {@code theta^(-2i / rotaryDim)} per position. */
public record DefaultRope() implements RopeScaling {
    @Override
    public double[] inverseFrequencies(int rotaryDim, double theta, int maxSeqLen) {
        double[] frequencies = new double[rotaryDim / 2];
        for (int pair = 0; pair < frequencies.length; pair++) {
            frequencies[pair] = 1 / StrictMath.pow(theta, 2.0 * pair / rotaryDim);
        }
        return frequencies;
    }
}
