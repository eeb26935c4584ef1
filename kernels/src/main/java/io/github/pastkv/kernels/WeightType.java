package io.github.pastkv.kernels;

import java.util.Locale;

/** What becomes of the weights of linear layers when they are packed. */
public enum WeightType {
    /** They keep the values that the file stores. */
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
