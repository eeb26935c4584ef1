package io.github.pastkv.model.config;

/**
 * The scaling of Llama 3.1: high frequencies stay, low ones are divided by the factor, and those between are blended.
 * "High" and "low" go by how often a pair turns within the original context.
 *
 * @param factor divides low frequencies; at least 1
 * @param lowFreqFactor pairs with fewer turns than this are divided
 * @param highFreqFactor pairs with more turns than this stay; at least {@code lowFreqFactor}
 * @param originalMaxSeqLen the context that the model was first trained for, in tokens
 */
public record Llama3Rope(double factor, double lowFreqFactor, double highFreqFactor, int originalMaxSeqLen)
        implements
        RopeScaling {
    @Override
    public double[] inverseFrequencies(int rotaryDim, double theta, int maxSeqLen) {
        double[] frequencies = new DefaultRope().inverseFrequencies(rotaryDim, theta, maxSeqLen);
        for (int pair = 0; pair < frequencies.length; pair++) {
            frequencies[pair] = scale(frequencies[pair]);
        }
        return frequencies;
    }

    private double scale(double frequency) {
        double wavelength = 2 * Math.PI / frequency;
        if (wavelength < originalMaxSeqLen / highFreqFactor) {
            return frequency;
        }
        if (wavelength >= originalMaxSeqLen / lowFreqFactor) {
            return frequency / factor;
        }
        double smooth = (originalMaxSeqLen / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
        return (1 - smooth) * frequency / factor + smooth * frequency;
    }
}
