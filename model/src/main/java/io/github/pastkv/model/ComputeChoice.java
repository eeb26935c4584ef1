package io.github.pastkv.model;

import io.github.pastkv.kernels.ComputeType;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.tensor.DataType;

/** Which compute type a model is run in. */
public enum ComputeChoice {
    /** What references compute, and the numbers to compare with others. */
    F32,
    /** Inputs of linear layers rounded to BF16. */
    BF16,
    /** BF16 where the checkpoint stores BF16 and the kernels are faster so, else F32. */
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
