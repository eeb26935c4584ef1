package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.INTS;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.github.pastkv.kernels.weights.GroupFormat.Integers;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Unpacks a panel of codes of fewer than 8 bits to numbers plus 128 in bytes, {@code [input][lane][4]}. The four codes
 * of an input are spread over the bytes of an int in two steps of shift, or and mask. One loop for each pair of planes,
 * as the JIT compiles loops without branches on the format.
 */
final class PanelUnpacker {
    private static final VectorSpecies<Byte> BYTE_VECTORS = VectorSpecies.of(byte.class, VectorWidth.shape());
    private static final ByteVector IQ4 = table(Integers.IQ4);
    private static final ByteVector FP4 = table(Integers.FP4);
    private static final int EACH_BYTE = 0x01010101;
    /** The byte of number 0. */
    private static final int ZERO = 128;

    private PanelUnpacker() {}

    /** The numbers of 16 codes plus 128, again and again. */
    private static ByteVector table(Integers integers) {
        byte[] numbers = new byte[BYTE_VECTORS.length()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (byte) (integers.number(i % 16) + ZERO);
        }
        return ByteVector.fromArray(BYTE_VECTORS, numbers, 0);
    }

    /** Unpacks the panel of {@code output}. */
    static void unpack(VectorGroupedWeights weights, int output, MemorySegment target) {
        int numInputs = weights.numInputs();
        MemorySegment lows = weights.lows().panels();
        long low = weights.lows().panelByteOffset(output);
        switch (weights.format().integers()) {
            case IQ4 -> throughTable(lows, low, numInputs, IQ4, target);
            case FP4 -> throughTable(lows, low, numInputs, FP4, target);
            case UINT2 -> twoBits(lows, low, numInputs, target);
            case INT3 -> threeBits(lows, low, weights.highs().panels(), weights.highs().panelByteOffset(output),
                    numInputs, target);
            case UINT5 -> fiveBits(lows, low, weights.highs().panels(), weights.highs().panelByteOffset(output),
                    numInputs, ZERO, target);
            case INT5 -> fiveBits(lows, low, weights.highs().panels(), weights.highs().panelByteOffset(output),
                    numInputs, ZERO - 16, target);
            case INT8, INT6, UINT4, INT4 -> throw new IllegalArgumentException(
                    "integers: " + weights.format().integers() + ", are multiplied as they are");
        }
    }

    private static IntVector load(MemorySegment plane, long offset) {
        return IntVector.fromMemorySegment(INTS, plane, offset, LITTLE_ENDIAN);
    }

    /** The four halves of bytes that begin at bit 0, one to a byte. */
    private static IntVector spreadFour(IntVector x) {
        IntVector low = x.and(0xFFFF);
        IntVector two = low.lanewise(LSHL, 8).or(low).and(0x00FF00FF);
        return two.lanewise(LSHL, 4).or(two).and(0x0F0F0F0F);
    }

    /** The four pairs of bits that begin at bit 0, one to a byte. */
    private static IntVector spreadTwo(IntVector x) {
        IntVector low = x.and(0xFF);
        IntVector two = low.lanewise(LSHL, 12).or(low).and(0x000F000F);
        return two.lanewise(LSHL, 6).or(two).and(0x03030303);
    }

    /** The four bits that begin at bit 0, one to a byte. */
    private static IntVector spreadOne(IntVector x) {
        IntVector low = x.and(0xF);
        IntVector two = low.lanewise(LSHL, 14).or(low).and(0x00030003);
        return two.lanewise(LSHL, 7).or(two).and(0x01010101);
    }

    private static void throughTable(MemorySegment lows, long low, int numInputs, ByteVector table,
            MemorySegment target) {
        for (int input = 0; input < numInputs; input++) {
            IntVector codes = spreadFour(load(lows, low + BYTES * (input / 2)).lanewise(LSHR, input % 2 * 16));
            codes.reinterpretAsBytes().selectFrom(table).intoMemorySegment(target, BYTES * input, LITTLE_ENDIAN);
        }
    }

    private static void twoBits(MemorySegment lows, long low, int numInputs, MemorySegment target) {
        for (int input = 0; input < numInputs; input++) {
            spreadTwo(load(lows, low + BYTES * (input / 4)).lanewise(LSHR, input % 4 * 8)).add(0x80808080)
                    .intoMemorySegment(target, BYTES * input, LITTLE_ENDIAN);
        }
    }

    private static void threeBits(MemorySegment lows, long low, MemorySegment highs, long high, int numInputs,
            MemorySegment target) {
        for (int input = 0; input < numInputs; input++) {
            IntVector lower = spreadTwo(load(lows, low + BYTES * (input / 4)).lanewise(LSHR, input % 4 * 8));
            IntVector higher = spreadOne(load(highs, high + BYTES * (input / 8)).lanewise(LSHR, input % 8 * 4));
            higher.lanewise(LSHL, 2).or(lower).add((ZERO - 4) * EACH_BYTE)
                    .intoMemorySegment(target, BYTES * input, LITTLE_ENDIAN);
        }
    }

    private static void fiveBits(MemorySegment lows, long low, MemorySegment highs, long high, int numInputs,
            int zero, MemorySegment target) {
        for (int input = 0; input < numInputs; input++) {
            IntVector lower = spreadFour(load(lows, low + BYTES * (input / 2)).lanewise(LSHR, input % 2 * 16));
            IntVector higher = spreadOne(load(highs, high + BYTES * (input / 8)).lanewise(LSHR, input % 8 * 4));
            higher.lanewise(LSHL, 4).or(lower).add(zero * EACH_BYTE)
                    .intoMemorySegment(target, BYTES * input, LITTLE_ENDIAN);
        }
    }
}
