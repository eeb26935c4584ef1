package io.github.pastkv.model.engine;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/** A result in slots on the heap, F32 {@code [B, N, width]}, zeros at pads, out of packed rows of real tokens. */
final class SlotTensor {
    /** The longest array that every JVM can make. */
    private static final int MAX_ARRAY_LENGTH = Integer.MAX_VALUE - 8;

    private final AttentionMask mask;
    private final Tensor slots;

    /**
     * All zeros.
     *
     * @throws IllegalArgumentException when there are more numbers than an array holds
     */
    SlotTensor(AttentionMask mask, int width) {
        long count = (long) mask.batchSize() * mask.numSlots() * width;
        if (count > MAX_ARRAY_LENGTH) {
            throw new IllegalArgumentException("tokenIds: [" + mask.batchSize() + ", " + mask.numSlots()
                    + "] slots with " + width + " numbers each are more than an array holds; append fewer at once");
        }
        this.mask = mask;
        this.slots = Tensor.of(new float[(int) count], mask.batchSize(), mask.numSlots(), width);
    }

    /** Copies packed rows to their slots, F32 {@code [T, width]}. */
    Tensor fill(Tensor packed) {
        long rowBytes = slots.shape(2) * Float.BYTES;
        int token = 0;
        for (int row = 0; row < mask.batchSize(); row++) {
            for (int slot = 0; slot < mask.numSlots(); slot++) {
                if (mask.isReal(row, slot)) {
                    long slotIndex = (long) row * mask.numSlots() + slot;
                    MemorySegment.copy(packed.segment(), token++ * rowBytes, slots.segment(), slotIndex * rowBytes,
                            rowBytes);
                }
            }
        }
        return slots;
    }
}
