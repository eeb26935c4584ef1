package io.github.pastkv.kernels;

/**
 * In what form linear layers are packed and computed.
 *
 * @param compute the type of their inputs
 * @param weights what becomes of their weights
 */
public record LinearForm(ComputeType compute, WeightType weights) {
    /** F32 inputs, weights as stored: the form that matches references. */
    public static final LinearForm PLAIN = new LinearForm(ComputeType.F32, WeightType.STORED);

    /** For identities and messages, for example {@code bf16} or {@code f32 int8}. */
    @Override
    public String toString() {
        return weights == WeightType.STORED ? compute.label() : compute.label() + " " + weights.label();
    }
}
