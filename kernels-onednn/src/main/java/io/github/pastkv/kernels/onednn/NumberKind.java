package io.github.pastkv.kernels.onednn;

import io.github.pastkv.kernels.weights.ComputeType;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.tensor.DataType;
import org.jspecify.annotations.Nullable;

/** Input and weight types of a matrix multiplication. A kind accepts only weights that it represents exactly. */
enum NumberKind {
    /** F32 inputs, weights stored as F32. */
    F32(DataType.F32, Dnnl.F32, Dnnl.F32, Float.BYTES),
    /** BF16 inputs, weights stored as BF16. */
    BF16(DataType.BF16, Dnnl.BF16, Dnnl.BF16, Short.BYTES),
    /** BF16 inputs, integers of one byte with a scale for each output. */
    INT8(DataType.BF16, Dnnl.BF16, Dnnl.S8, Byte.BYTES);

    private final DataType inputs;
    private final int inputCode;
    private final int weightCode;
    private final int weightBytes;

    NumberKind(DataType inputs, int inputCode, int weightCode, int weightBytes) {
        this.inputs = inputs;
        this.inputCode = inputCode;
        this.weightCode = weightCode;
        this.weightBytes = weightBytes;
    }

    /** The kind for weights of type {@code stored} in {@code precision}, or null if there is none. */
    static @Nullable NumberKind of(LinearPrecision precision, DataType stored) {
        boolean isBf16 = precision.compute() == ComputeType.BF16;
        if (precision.weights() == WeightType.INT8) {
            return isBf16 ? INT8 : null;
        }
        if (isBf16) {
            return stored == DataType.BF16 ? BF16 : null;
        }
        return stored == DataType.F32 ? F32 : null;
    }

    DataType inputs() {
        return inputs;
    }

    /** The library's number of the inputs' type. */
    int inputCode() {
        return inputCode;
    }

    /** The library's number of the weights' type. */
    int weightCode() {
        return weightCode;
    }

    int weightBytes() {
        return weightBytes;
    }

    /** Whether a scale for each output goes with the weights. */
    boolean isScaled() {
        return this == INT8;
    }
}
