package io.github.pastkv.kernels.weights;

import java.util.Locale;

/** Storage format of packed linear weights. */
public enum WeightType {
    /** Weights as stored in the file. */
    STORED,
    /**
     * Each row (the weights of one output) becomes integers in {@code [-127, 127]} and one F32 scale: half the bytes of
     * BF16. See {@link QuantizedRow}.
     */
    INT8,
    /** Each 32 weights of a row become integers in {@code [-127, 127]} and a half as their scale: 8.5 bits a weight. */
    INT8_GROUPS,
    /** Each 32 weights of a row become integers in {@code [0, 15]}, with scale and minimum in F16: 5 bits a weight. */
    INT4;

    /** The name in options. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Whether weights become grouped integers, see {@link GroupQuantizer}. */
    public boolean isGrouped() {
        return this == INT8_GROUPS || this == INT4;
    }
}
