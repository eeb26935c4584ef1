package io.github.pastkv.kernels.onednn;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Multiplies one row of inputs by integer weights in oneDNN's layout and order of sums, at memory bandwidth, which
 * oneDNN's own kernel does not reach. The layout: panels of 64 outputs; in a panel, for each two inputs, 64 times the
 * weight of the first and of the second. The order ({@code vdpbf16ps}): one chain of fused multiply-adds for each
 * output, of each two inputs the second first; after so many inputs a chain ends, and chains are added up.
 * {@link RowOrder} checks whether the bits are those of the library. (Where partial sums are below 2^-126, the
 * instruction takes zero and this does not.)
 *
 * <p>All memory is passed by address; the caller keeps it alive and large enough.
 */
final class Int8Panels {
    /** Outputs of a panel. */
    static final int PANEL_OUTPUTS = 64;
    /** Bytes of a panel for two inputs. */
    static final int PAIR_BYTES = 2 * PANEL_OUTPUTS;

    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_512;
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_512;
    private static final VectorShuffle<Float> ZIP_LOW = VectorShuffle.makeZip(FLOATS, 0);
    private static final VectorShuffle<Float> ZIP_HIGH = VectorShuffle.makeZip(FLOATS, 1);
    private static final long VECTOR_BYTES = 64;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Int8Panels() {}

    /**
     * The sums of one panel: its chains, added up.
     *
     * @param panel its first byte
     * @param inputs F32, an even number of them, the last zero where there is one too many
     * @param numInputs how many, even
     * @param chainInputs inputs of a chain, even
     * @param sums F32, one for each output of the panel
     */
    static void sums(long panel, long inputs, int numInputs, int chainInputs, long sums) {
        for (int from = 0; from < numInputs; from += chainInputs) {
            int numPairs = Math.min(chainInputs, numInputs - from) / 2;
            chain(panel + (long) from / 2 * PAIR_BYTES, inputs + (long) from * Float.BYTES, numPairs, sums, from > 0);
        }
    }

    /** One chain, put into the sums or added to them. Each int holds two weights of two outputs that are neighbors. */
    private static void chain(long weights, long inputs, int numPairs, long sums, boolean isAdded) {
        FloatVector evensA = FloatVector.zero(FLOATS);
        FloatVector oddsA = FloatVector.zero(FLOATS);
        FloatVector evensB = FloatVector.zero(FLOATS);
        FloatVector oddsB = FloatVector.zero(FLOATS);
        for (int pair = 0; pair < numPairs; pair++) {
            IntVector a = IntVector.fromMemorySegment(INTS, ALL, weights + (long) pair * PAIR_BYTES, LITTLE_ENDIAN);
            IntVector b = IntVector.fromMemorySegment(INTS, ALL, weights + (long) pair * PAIR_BYTES + VECTOR_BYTES,
                    LITTLE_ENDIAN);
            FloatVector first = IntVector.broadcast(INTS, ALL.get(INT, inputs + 8L * pair)).reinterpretAsFloats();
            FloatVector second = IntVector.broadcast(INTS, ALL.get(INT, inputs + 8L * pair + 4)).reinterpretAsFloats();
            evensA = ((FloatVector) a.lanewise(LSHL, 16).lanewise(ASHR, 24).convert(I2F, 0)).fma(second, evensA);
            oddsA = ((FloatVector) a.lanewise(ASHR, 24).convert(I2F, 0)).fma(second, oddsA);
            evensB = ((FloatVector) b.lanewise(LSHL, 16).lanewise(ASHR, 24).convert(I2F, 0)).fma(second, evensB);
            oddsB = ((FloatVector) b.lanewise(ASHR, 24).convert(I2F, 0)).fma(second, oddsB);
            evensA = ((FloatVector) a.lanewise(LSHL, 24).lanewise(ASHR, 24).convert(I2F, 0)).fma(first, evensA);
            oddsA = ((FloatVector) a.lanewise(LSHL, 8).lanewise(ASHR, 24).convert(I2F, 0)).fma(first, oddsA);
            evensB = ((FloatVector) b.lanewise(LSHL, 24).lanewise(ASHR, 24).convert(I2F, 0)).fma(first, evensB);
            oddsB = ((FloatVector) b.lanewise(LSHL, 8).lanewise(ASHR, 24).convert(I2F, 0)).fma(first, oddsB);
        }
        FloatVector out0 = evensA.rearrange(ZIP_LOW, oddsA);
        FloatVector out1 = evensA.rearrange(ZIP_HIGH, oddsA);
        FloatVector out2 = evensB.rearrange(ZIP_LOW, oddsB);
        FloatVector out3 = evensB.rearrange(ZIP_HIGH, oddsB);
        if (isAdded) { // in one method, as a vector passed to another may be allocated
            FloatVector.fromMemorySegment(FLOATS, ALL, sums, LITTLE_ENDIAN).add(out0).intoMemorySegment(ALL, sums,
                    LITTLE_ENDIAN);
            FloatVector.fromMemorySegment(FLOATS, ALL, sums + VECTOR_BYTES, LITTLE_ENDIAN).add(out1)
                    .intoMemorySegment(ALL, sums + VECTOR_BYTES, LITTLE_ENDIAN);
            FloatVector.fromMemorySegment(FLOATS, ALL, sums + 2 * VECTOR_BYTES, LITTLE_ENDIAN).add(out2)
                    .intoMemorySegment(ALL, sums + 2 * VECTOR_BYTES, LITTLE_ENDIAN);
            FloatVector.fromMemorySegment(FLOATS, ALL, sums + 3 * VECTOR_BYTES, LITTLE_ENDIAN).add(out3)
                    .intoMemorySegment(ALL, sums + 3 * VECTOR_BYTES, LITTLE_ENDIAN);
        } else {
            out0.intoMemorySegment(ALL, sums, LITTLE_ENDIAN);
            out1.intoMemorySegment(ALL, sums + VECTOR_BYTES, LITTLE_ENDIAN);
            out2.intoMemorySegment(ALL, sums + 2 * VECTOR_BYTES, LITTLE_ENDIAN);
            out3.intoMemorySegment(ALL, sums + 3 * VECTOR_BYTES, LITTLE_ENDIAN);
        }
    }

    private static FloatVector load(long address) {
        return FloatVector.fromMemorySegment(FLOATS, ALL, address, LITTLE_ENDIAN);
    }

    /**
     * {@code target = sums * scales + biases}, each rounded.
     *
     * @param biases 0 for none
     * @param numOutputs up to a panel's
     */
    static void finish(long sums, long scales, long biases, int numOutputs, long target) {
        int output = biases == 0
                ? scaleVectors(sums, scales, numOutputs, target)
                : scaleAndAddVectors(sums, scales, biases, numOutputs, target);
        for (; output < numOutputs; output++) {
            long offset = (long) output * Float.BYTES;
            float scaled = number(sums + offset) * number(scales + offset);
            float result = biases == 0 ? scaled : scaled + number(biases + offset);
            ALL.set(INT, target + offset, Float.floatToRawIntBits(result));
        }
    }

    /** Whole vectors only; returns how many outputs they are. */
    private static int scaleVectors(long sums, long scales, int numOutputs, long target) {
        int output = 0;
        for (; output + FLOATS.length() <= numOutputs; output += FLOATS.length()) {
            long offset = (long) output * Float.BYTES;
            load(sums + offset).mul(load(scales + offset)).intoMemorySegment(ALL, target + offset, LITTLE_ENDIAN);
        }
        return output;
    }

    private static int scaleAndAddVectors(long sums, long scales, long biases, int numOutputs, long target) {
        int output = 0;
        for (; output + FLOATS.length() <= numOutputs; output += FLOATS.length()) {
            long offset = (long) output * Float.BYTES;
            load(sums + offset).mul(load(scales + offset)).add(load(biases + offset)).intoMemorySegment(ALL,
                    target + offset, LITTLE_ENDIAN);
        }
        return output;
    }

    private static float number(long address) {
        return Float.intBitsToFloat(ALL.get(INT, address));
    }
}
