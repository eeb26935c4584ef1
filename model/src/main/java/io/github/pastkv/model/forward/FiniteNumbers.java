package io.github.pastkv.model.forward;

import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Refuses a pass with numbers that are infinite or NaN: weights that are finite but huge overflow F32 somewhere, and
 * everything behind is then NaN. What it reads is small beside the weights of a layer.
 */
final class FiniteNumbers {
    private static final ValueLayout.OfInt BITS = ValueLayout.JAVA_INT_UNALIGNED;
    private static final int INFINITY_BITS = 0x7F80_0000; // magnitudes at or above are not finite

    private final boolean isOn;

    /** @param isOn false for passes that a caller edits, which may hold what the caller wants */
    FiniteNumbers(boolean isOn) {
        this.isOn = isOn;
    }

    /** Checks the residual stream behind a layer, {@code [numTokens, E]}. */
    void requireResidual(int layer, Tensor hidden, int numTokens) {
        requireResidual("layer " + layer, hidden, numTokens);
    }

    /** Checks the residual stream behind a part of the model, {@code [numTokens, E]}. */
    void requireResidual(String part, Tensor hidden, int numTokens) {
        if (isOn) {
            require(part + ": the residual stream", hidden, numTokens);
        }
    }

    /** Checks the first {@code numLogits} rows. */
    void requireLogits(@Nullable Tensor logits, int numLogits) {
        if (isOn && logits != null) {
            require("the head: the logits", logits, numLogits);
        }
    }

    private static void require(String what, Tensor rows, int numRows) {
        int width = Math.toIntExact(rows.shape(1));
        for (int row = 0; row < numRows; row++) {
            if (largestBits(rows.segment(), (long) row * width * Float.BYTES, width) >= INFINITY_BITS) {
                throw new IllegalStateException(what + " became infinite or not a number (NaN): the model's "
                        + "weights lead beyond the range of F32");
            }
        }
    }

    /** Bits of the largest magnitude, which compare like the magnitudes; a loop that the JVM vectorizes. */
    private static int largestBits(MemorySegment numbers, long byteOffset, int count) {
        int largest = 0;
        for (int i = 0; i < count; i++) {
            largest = Math.max(largest, numbers.get(BITS, byteOffset + (long) i * Float.BYTES) & Integer.MAX_VALUE);
        }
        return largest;
    }
}
