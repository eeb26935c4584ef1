package io.github.pastkv.kernels.weights;

/**
 * The numeric precision of linear layers: the type of their inputs and the storage format of their packed weights. Sums
 * are always F32.
 *
 * @param compute type of the inputs
 * @param weights storage format of the weights
 */
public record LinearPrecision(ComputeType compute, WeightType weights) {
    /** F32 inputs, weights as stored: matches the reference implementations. */
    public static final LinearPrecision PLAIN = new LinearPrecision(ComputeType.F32, WeightType.STORED);

    /** For identities and messages, for example {@code bf16} or {@code f32 int8}. */
    @Override
    public String toString() {
        return weights == WeightType.STORED ? compute.label() : compute.label() + " " + weights.label();
    }
}
