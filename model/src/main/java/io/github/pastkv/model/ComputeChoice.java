package io.github.pastkv.model;

import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.weights.ComputeType;
import io.github.pastkv.tensor.DataType;

/** The choice of the compute type of a model. */
public enum ComputeChoice {
    /** F32, as in reference implementations; use it for results that are compared with others. */
    F32,
    /** Inputs of linear layers rounded to BF16. */
    BF16,
    /** BF16 if the checkpoint stores BF16 and the kernels are faster with it, otherwise F32. */
    AUTO;

    /** The type for a checkpoint whose weights are stored as {@code stored}. */
    public ComputeType resolve(DataType stored, Kernels kernels) {
        return switch (this) {
            case F32 -> ComputeType.F32;
            case BF16 -> ComputeType.BF16;
            case AUTO -> stored == DataType.BF16 ? kernels.fastestForBf16() : ComputeType.F32;
        };
    }
}
