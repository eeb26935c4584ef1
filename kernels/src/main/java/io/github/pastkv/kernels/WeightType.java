package io.github.pastkv.kernels;

import java.util.Locale;

/** Storage format of packed linear weights. */
public enum WeightType {
    /** Weights as stored in the file. */
    STORED,
    /**
     * Each row (the weights of one output) becomes integers in {@code [-127, 127]} and one F32 scale: half the bytes of
     * BF16. See {@link QuantizedRow}.
     */
    INT8;

    /** The name in options. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
