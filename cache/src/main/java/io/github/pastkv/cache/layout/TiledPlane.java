package io.github.pastkv.cache.layout;

import io.github.pastkv.tensor.DataType;
import java.lang.foreign.MemorySegment;

/**
 * The keys or the values of one layer in a block: {@code [kvHead][tile]}, where a tile has the elements of its slots
 * followed by their scales, if the type has any. Offsets are bytes from the start of the plane.
 */
final class TiledPlane {
    private final String what; // for messages
    private final KvType type;
    private final int overflowBits;
    private final int numKvHeads;
    private final int headDim;
    private final int blockSize;
    private final int tileSlots;
    private final long numberInSlot; // distance between the elements of a slot, in elements
    private final long slotInNumbers; // distance between slots, in elements
    private final long scaleInSlot;
    private final long slotInScales;

    private TiledPlane(KvShape shape, KvType type, int blockSize, int tileSlots, boolean slotInnermost) {
        this.what = slotInnermost ? "keys" : "values";
        this.type = type;
        this.overflowBits = Float.floatToRawIntBits(
                type.plainType() == null ? Float.POSITIVE_INFINITY : type.plainType().overflowsFrom());
        this.numKvHeads = shape.numKvHeads();
        this.headDim = shape.headDim();
        this.blockSize = blockSize;
        this.tileSlots = tileSlots;
        this.numberInSlot = slotInnermost ? tileSlots : 1;
        this.slotInNumbers = slotInnermost ? 1 : headDim;
        this.scaleInSlot = slotInnermost ? tileSlots : 1;
        this.slotInScales = slotInnermost ? 1 : type.numScales(headDim);
    }

    /** Elements {@code [dim][slot]}, scales {@code [group][slot]}. */
    static TiledPlane ofKeys(KvShape shape, KvType type, int blockSize, int tileSlots) {
        return new TiledPlane(shape, type, blockSize, tileSlots, true);
    }

    /** Elements {@code [slot][dim]}, scales {@code [slot][group]}. */
    static TiledPlane ofValues(KvShape shape, KvType type, int blockSize, int tileSlots) {
        return new TiledPlane(shape, type, blockSize, tileSlots, false);
    }

    long bytes() {
        return type.bytesPerHead(headDim) * numKvHeads * blockSize;
    }

    private long tileByteOffset(int kvHead, int slot) {
        return ((long) kvHead * blockSize + slot - slot % tileSlots) * type.bytesPerHead(headDim);
    }

    long numberByteOffset(int kvHead, int slot, int dim) {
        return tileByteOffset(kvHead, slot)
                + (dim * numberInSlot + slot % tileSlots * slotInNumbers) * type.numberBytes();
    }

    long scaleByteOffset(int kvHead, int slot, int dim) {
        long numbersBytes = (long) tileSlots * headDim * type.numberBytes();
        long inScales = dim / Q8Codec.Q8_GROUP_SIZE * scaleInSlot + slot % tileSlots * slotInScales;
        return tileByteOffset(kvHead, slot) + numbersBytes + inScales * Q8Codec.SCALE_BYTES;
    }

    /**
     * Stores {@code headDim} contiguous floats, rounded to the type; rejects a finite one that would become infinite.
     */
    void write(MemorySegment segment, long planeByteOffset, int kvHead, int slot, MemorySegment source,
            long sourceByteOffset) {
        long start = planeByteOffset + numberByteOffset(kvHead, slot, 0);
        long stride = numberInSlot * type.numberBytes();
        DataType plainType = type.plainType();
        if (plainType == null) {
            for (int dim = 0; dim < headDim; dim += Q8Codec.Q8_GROUP_SIZE) {
                Q8Codec.write(segment, start + dim * stride, stride,
                        planeByteOffset + scaleByteOffset(kvHead, slot, dim), source, sourceByteOffset + 4L * dim,
                        Math.min(Q8Codec.Q8_GROUP_SIZE, headDim - dim));
            }
        } else {
            int largest = 0; // bits of the largest magnitude, which compare like the magnitudes
            for (int dim = 0; dim < headDim; dim++) {
                float number = DataType.F32.read(source, sourceByteOffset + 4L * dim);
                largest = Math.max(largest, Float.floatToRawIntBits(number) & Integer.MAX_VALUE);
                plainType.write(segment, start + dim * stride, number);
            }
            if (largest >= overflowBits && Float.isFinite(Float.intBitsToFloat(largest))) {
                throw KvRangeException.of(what, Float.intBitsToFloat(largest), type);
            }
        }
    }

    float read(MemorySegment segment, long planeByteOffset, int kvHead, int slot, int dim) {
        long byteOffset = planeByteOffset + numberByteOffset(kvHead, slot, dim);
        DataType plainType = type.plainType();
        return plainType == null
                ? Q8Codec.read(segment, byteOffset, planeByteOffset + scaleByteOffset(kvHead, slot, dim))
                : plainType.read(segment, byteOffset);
    }
}
