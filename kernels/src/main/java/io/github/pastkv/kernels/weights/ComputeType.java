package io.github.pastkv.kernels.weights;

import io.github.pastkv.tensor.DataType;
import java.util.Locale;

/** Input type of linear layers. Sums are always F32, and so is everything between linear layers. */
public enum ComputeType {
    /** F32 inputs, as in reference implementations; use it for measurements that are compared with others. */
    F32(DataType.F32),
    /** Inputs of linear layers are rounded to BF16: about twice as fast on machines with BF16 products. */
    BF16(DataType.BF16);

    private final DataType inputs;

    ComputeType(DataType inputs) {
        this.inputs = inputs;
    }

    /** The name in options. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The type that inputs of linear layers are rounded to. */
    public DataType inputs() {
        return inputs;
    }
}
