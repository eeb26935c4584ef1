package io.github.pastkv.kernels.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vectors of this process: {@link #COUNT} floats of the width that {@link VectorWidth} chose and how they are read
 * and written. All is static and final, as the JIT compiles a species
 * that it knows to single instructions and one that it does not know to calls.
 *
 * <p>Numbers go between memory and vectors in little-endian order at any alignment.
 */
final class Lanes {
    static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class, VectorWidth.shape());
    static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, VectorWidth.shape());
    /** As many shorts as {@link #FLOATS} has floats. */
    static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, VectorWidth.halfShape());

    /** As many bytes as {@link #FLOATS} has floats, but at least 8: of these the first are looked at. */
    static final VectorSpecies<Byte> BYTE_LANES = VectorSpecies.of(byte.class, VectorWidth.byteShape());

    /** Floats in a vector: 4, 8 or 16. */
    static final int COUNT = FLOATS.length();
    /** Vectors of 512 bits come with 32 registers, others with 16: room for twice as many sums, and for constants. */
    static final boolean HAS_REGISTERS = COUNT == 16;
    /** Bytes of a vector of floats. */
    static final long BYTES = (long) COUNT * Float.BYTES;

    private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
    /** The bits of a float at any byte offset: all lanes take a loaded int in one instruction, a float in two. */
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ORDER);

    /** A long at any byte offset. */
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ORDER);

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ORDER);

    private static final VectorShuffle<Float> EVENS = VectorShuffle.makeUnzip(FLOATS, 0);
    private static final VectorShuffle<Float> ODDS = VectorShuffle.makeUnzip(FLOATS, 1);
    private static final VectorShuffle<Float> ZIP_LOW = VectorShuffle.makeZip(FLOATS, 0);
    private static final VectorShuffle<Float> ZIP_HIGH = VectorShuffle.makeZip(FLOATS, 1);

    private Lanes() {}

    /** Bytes of the whole vectors in a row of {@code count} floats. */
    static long wholeBytes(int count) {
        return (long) FLOATS.loopBound(count) * Float.BYTES;
    }

    static FloatVector load(MemorySegment segment, long byteOffset) {
        return FloatVector.fromMemorySegment(FLOATS, segment, byteOffset, ORDER);
    }

    static void store(FloatVector vector, MemorySegment segment, long byteOffset) {
        vector.intoMemorySegment(segment, byteOffset, ORDER);
    }

    /** The first {@code count} lanes: none for a negative count, all beyond {@link #COUNT}. */
    static VectorMask<Float> first(int count) {
        return FLOATS.indexInRange(0, Math.max(count, 0));
    }

    static FloatVector zero() {
        return FloatVector.zero(FLOATS);
    }

    /** Neighboring bf16 numbers, widened, one in each lane. */
    static FloatVector loadBf16(MemorySegment segment, long byteOffset) {
        return loadShorts(segment, byteOffset).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    /** One bf16 number, widened, in all lanes. */
    static FloatVector broadcastBf16(MemorySegment segment, long byteOffset) {
        return IntVector.broadcast(INTS, segment.get(SHORT, byteOffset) << 16).reinterpretAsFloats();
    }

    /** Neighboring integers of a byte each, as floats; at 128 bits four bytes more are read. */
    static FloatVector loadBytes(MemorySegment segment, long byteOffset) {
        return (FloatVector) ByteVector.fromMemorySegment(BYTE_LANES, segment, byteOffset, ORDER)
                .convertShape(VectorOperators.B2F, FLOATS, 0);
    }

    /** Neighboring 16-bit numbers, each in the lower half of an int. */
    static IntVector loadShorts(MemorySegment segment, long byteOffset) {
        return (IntVector) ShortVector.fromMemorySegment(SHORTS, segment, byteOffset, ORDER)
                .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
    }

    /**
     * f16 numbers in the lower halves, widened exactly: moving exponent and mantissa to a float's place leaves a number
     * too small by 2^112, subnormals included; infinite and NaN get all exponent bits.
     */
    static FloatVector widenF16(IntVector halves) {
        IntVector magnitude = halves.and(0x7FFF);
        IntVector sign = halves.and(0x8000).lanewise(VectorOperators.LSHL, 16);
        IntVector scaled = magnitude.lanewise(VectorOperators.LSHL, 13).reinterpretAsFloats().mul(0x1p112f)
                .reinterpretAsInts();
        VectorMask<Integer> notFinite = magnitude.compare(VectorOperators.GE, 0x7C00);
        return scaled.lanewise(VectorOperators.OR, 0x7F80_0000, notFinite).or(sign).reinterpretAsFloats();
    }

    /** Lanes 0, 2, 4, ... of two vectors, one after the other; {@link #zipLow} and {@link #zipHigh} undo it. */
    static FloatVector evens(FloatVector low, FloatVector high) {
        return low.rearrange(EVENS, high);
    }

    /** Lanes 1, 3, 5, ... of two vectors, one after the other. */
    static FloatVector odds(FloatVector low, FloatVector high) {
        return low.rearrange(ODDS, high);
    }

    /** evens[0], odds[0], evens[1], ... up to the middle lane. */
    static FloatVector zipLow(FloatVector evens, FloatVector odds) {
        return evens.rearrange(ZIP_LOW, odds);
    }

    /** evens[n], odds[n], ... from the middle lane on. */
    static FloatVector zipHigh(FloatVector evens, FloatVector odds) {
        return evens.rearrange(ZIP_HIGH, odds);
    }
}
