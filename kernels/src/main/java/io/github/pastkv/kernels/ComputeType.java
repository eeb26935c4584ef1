package io.github.pastkv.kernels;

import io.github.pastkv.tensor.DataType;
import java.util.Locale;

/**
 * The type of the numbers that linear layers multiply. Sums are F32 either way, and so is everything between the linear
 * layers.
 */
public enum ComputeType {
    /** Inputs as they are: what references compute, and what numbers that people compare should be made with. */
    F32(DataType.F32),
    /**
     * Each input of a linear layer is rounded to BF16 first: about twice as fast where the machine has BF16 products.
     */
    BF16(DataType.BF16);

    private final DataType inputs;

    ComputeType(DataType inputs) {
        this.inputs = inputs;
    }

    /** As options spell it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The type that inputs of linear layers are rounded to. */
    public DataType inputs() {
        return inputs;
    }
}
