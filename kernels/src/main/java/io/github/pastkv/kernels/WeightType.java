package io.github.pastkv.kernels;

import java.util.Locale;

/** Storage format of packed linear weights. */
public enum WeightType {
    /** The values that the file stores. */
    STORED,
    /**
     * Each row (the weights of one output) becomes integers in {@code [-127, 127]} and one F32 scale: half the bytes of
     * BF16. See {@link QuantizedRow}.
     */
    INT8;

    /** As options spell it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
