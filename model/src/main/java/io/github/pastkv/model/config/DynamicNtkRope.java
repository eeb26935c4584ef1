package io.github.pastkv.model.config;

/**
 * NTK-aware scaling: a larger base once rows grow beyond the trained length, so that low frequencies stretch and high
 * ones stay. Up to the trained length nothing changes.
 *
 * @param factor stretch of the frequencies; at least 1
 * @param trainedMaxSeqLen the context that the model was trained for, in tokens
 */
public record DynamicNtkRope(double factor, int trainedMaxSeqLen) implements RopeScaling {
    @Override
    public double[] inverseFrequencies(int rotaryDim, double theta, int maxSeqLen) {
        double stretch = factor * effectiveLength(maxSeqLen) / trainedMaxSeqLen - (factor - 1);
        double base = stretch == 1 ? theta : theta * StrictMath.pow(stretch, rotaryDim / (rotaryDim - 2.0));
        return new DefaultRope().inverseFrequencies(rotaryDim, base, maxSeqLen);
    }

    @Override
    public int effectiveLength(int maxSeqLen) {
        return Math.max(maxSeqLen, trainedMaxSeqLen);
    }

    @Override
    public int reach(int maxSeqLen) {
        return (int) Math.max(maxSeqLen, Math.min(Integer.MAX_VALUE, trainedMaxSeqLen * factor));
    }
}
