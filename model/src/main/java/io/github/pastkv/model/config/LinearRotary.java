package io.github.pastkv.model.config;

/**
 * All frequencies divided by one factor, as if positions lay closer together.
 *
 * @param factor at least 1
 */
public record LinearRotary(double factor) implements RotaryScaling {
    @Override
    public double[] inverseFrequencies(int rotaryDim, double theta, int maxSeqLen) {
        double[] frequencies = new PlainRotary().inverseFrequencies(rotaryDim, theta, maxSeqLen);
        for (int pair = 0; pair < frequencies.length; pair++) {
            frequencies[pair] /= factor;
        }
        return frequencies;
    }
}
