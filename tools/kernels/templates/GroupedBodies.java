package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.COUNT;
import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static io.github.pastkv.kernels.vector.Lanes.HAS_REGISTERS;
import static io.github.pastkv.kernels.vector.Lanes.INT;
import static io.github.pastkv.kernels.vector.Lanes.INTS;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.zero;
import static jdk.incubator.vector.IntVector.broadcast;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * The inner loops of linear layers over one panel of grouped integers. Each group has its own chain over the integers
 * as floats, which are exact; its sum times the scale is added to the output's, then its minimum times the sum of the
 * group's inputs. One token takes the integers as they are packed, a few inputs at a time, in the mantissas of floats
 * or, where there are 16 registers, by conversions, which need fewer constants; for more tokens, they become floats
 * once, a block of inputs that stays in the nearest cache. For the form of the code see {@link LinearBodies}. Loops end
 * at an offset rather than after a count where C2 would unroll them, and run out of registers.
 */
final class GroupedBodies {
    private GroupedBodies() {}

    /** The token whose inputs the panel holds, through the panel of {@code output}. */
    static void row(VectorGroupedWeights weights, GroupedPanel panel, Tensor y, int token, int output) {
        if (HAS_REGISTERS) {
            rowOfMantissas(weights, panel, y, token, output);
        } else {
            rowOfConversions(weights, panel, y, token, output);
        }
    }
%for F in Mantissas Conversions

    private static void rowOf${F}(VectorGroupedWeights weights, GroupedPanel panel, Tensor y, int token,
            int output) {
        boolean hasMinimums = weights.format().hasMinimums();
        switch (panel.kind()) {
%for k in Uint4 Int4 Int6 Int8
            case ${k.kind} -> {
                if (hasMinimums) {
                    row${k}Min${F.form}(weights, panel, y, token, output);
                } else {
                    row${k}${F.form}(weights, panel, y, token, output);
                }
            }
%end
            case INT5_ROW -> rowInt5${F.form}(weights, panel, y, token, output);
            case UINT5_MINIMUM_ROW -> rowUint5Min${F.form}(weights, panel, y, token, output);
        }
    }
%end
%def addInput
FloatVector x${i} = FloatVector.broadcast(FLOATS, x[input${+ i 1}]);
%for v in a b c d
sum${v} = ${v}${i}.fma(x${i}, sum${v});
%end
%end
%for T in Grouped8 Grouped8Minimum Unsigned4 Unsigned4Minimum Signed4 Signed4Minimum Signed6 Signed6Minimum Signed5 Unsigned5Minimum Grouped8Converted Grouped8MinimumConverted Unsigned4Converted Unsigned4MinimumConverted Signed4Converted Signed4MinimumConverted Signed6Converted Signed6MinimumConverted Signed5Converted Unsigned5MinimumConverted

    private static void row${T.name}(VectorGroupedWeights weights, GroupedPanel source, Tensor y, int token,
            int output) {
        float[] x = source.inputs();
        MemorySegment panel = source.numbers();
        long weight = source.numbersByteOffset();
%if T.planes
        MemorySegment highs = source.highs();
        long highStart = source.highsByteOffset();
%end
        MemorySegment scales = source.scales();
        long scale = source.scalesByteOffset();
%if T.minimum
        MemorySegment minimums = source.minimums();
        float[] inputSums = source.inputSums();
%end
        MemorySegment out = y.segment();
        long first = rowByteOffset(y, token) + 4L * output;
%if T.halved
        long before = weight - BYTES;
%end
        int numInputs = weights.numInputs();
        int groupSize = weights.format().groupSize();
%for v in a b c d
        FloatVector total${v} = zero(FLOATS);
%end
        for (int from = 0; from < numInputs; from += groupSize) {
%for v in a b c d
            FloatVector sum${v} = zero(FLOATS);
%end
%if T.counted
            int to = Math.min(from + groupSize, numInputs);
            for (int input = from; input < to; input += ${T.inputsPerStep}) {
%else
            int steps = Math.ceilDiv(Math.min(groupSize, numInputs - from), ${T.inputsPerStep});
            long end = weight + steps * (${T.stepBytes});
            for (int input = from; weight != end; input += ${T.inputsPerStep}) {
%end
                %use T.step
%for i in T.inputs
                %paste addInput
%end
%if T.halved
                if (weight == before) { // never true: two blocks of code, each of which fits into 16 registers
                    break;
                }
                %use T.secondStep
%for i in T.secondInputs
                %paste addInput
%end
%end
                weight += ${T.stepBytes};
            }
%if T.minimum
            FloatVector inputs = FloatVector.broadcast(FLOATS, inputSums[from / groupSize]);
%end
%for v in a b c d
            FloatVector scale${v.upper} = fromMemorySegment(FLOATS, scales, scale${+ #v BYTES}, LITTLE_ENDIAN);
            total${v} = scale${v.upper}.fma(sum${v}, total${v});
%if T.minimum
            FloatVector minimum${v.upper} = fromMemorySegment(FLOATS, minimums, scale${+ #v BYTES}, LITTLE_ENDIAN);
            total${v} = minimum${v.upper}.fma(inputs, total${v});
%end
%end
            scale += 4 * BYTES;
        }
%for v in a b c d
        FloatVector bias${v.upper} = fromMemorySegment(FLOATS, weights.biases(), 4L * output${+ #v BYTES}, LITTLE_ENDIAN);
        VectorMask<Float> mask${v.upper} = FLOATS.indexInRange(output${+ #v COUNT}, weights.numOutputs());
        total${v}.add(bias${v.upper}).intoMemorySegment(out, first${+ #v BYTES}, LITTLE_ENDIAN, mask${v.upper});
%end
    }
%end

    /** Writes the integers of inputs {@code [from, to)} to the panel's block of floats. */
    static void unpack(GroupedPanel panel, int from, int to) {
        switch (panel.kind()) {
            case UINT4 -> unpackUint4(panel, from, to);
            case INT4 -> unpackInt4(panel, from, to);
            case INT6 -> unpackInt6(panel, from, to);
            case INT8 -> unpackInt8(panel, from, to);
            case INT5_ROW, UINT5_MINIMUM_ROW ->
                    throw new IllegalStateException("kind: " + panel.kind() + ", is for one token");
        }
    }
%for T in Grouped8 Unsigned4 Signed4 Signed6

    private static void unpack${T.name}(GroupedPanel source, int from, int to) {
        MemorySegment panel = source.numbers();
        long weight = source.numbersByteOffset() + from / ${T.inputsPerStep} * (${T.stepBytes});
        MemorySegment ab = source.block(0);
        MemorySegment cd = source.block(1);
        long target = 0;
        long end = weight + Math.ceilDiv(to - from, ${T.inputsPerStep}) * (${T.stepBytes});
        while (weight != end) {
            %use T.step
%for i in T.inputs
            a${i}.intoMemorySegment(ab, target${+ i 2 * BYTES}, LITTLE_ENDIAN);
            b${i}.intoMemorySegment(ab, target${+ i 2 * BYTES} + BYTES, LITTLE_ENDIAN);
            c${i}.intoMemorySegment(cd, target${+ i 2 * BYTES}, LITTLE_ENDIAN);
            d${i}.intoMemorySegment(cd, target${+ i 2 * BYTES} + BYTES, LITTLE_ENDIAN);
%end
            weight += ${T.stepBytes};
            target += ${T.inputsPerStep} * 2 * BYTES;
        }
    }
%end
%for n in 4
%for T in Unsigned4 Unsigned4Minimum

    /** Inputs {@code [from, to)} of four tokens through half a panel, whose totals are added to. */
    static void tile${T.tile}(Tensor x, int groupSize, GroupedPanel source, int half, int token, int from, int to) {
        MemorySegment in = x.segment();
        long in0 = rowByteOffset(x, token);
        long inBytes = rowByteOffset(x, 1);
        MemorySegment block = source.block(half);
        MemorySegment scales = source.scales();
        long scale = source.scalesByteOffset() + (4L * (from / groupSize) + 2L * half) * BYTES;
%if T.minimum
        MemorySegment minimums = source.minimums();
        float[] inputSums = source.inputSums();
        int inputs = source.firstInputSum(token) + from / groupSize;
        int inputsStride = source.firstInputSum(1);
%end
        MemorySegment totals = source.totals(half);
        long total = token * 2L * BYTES;
%for t below n
%for v in a b
        FloatVector total${t}${v} = fromMemorySegment(FLOATS, totals, total${+ t 2 * BYTES}${+ #v BYTES}, LITTLE_ENDIAN);
%end
%end
        long weight = 0;
        for (int start = from; start < to; start += groupSize) {
%for t below n
%for v in a b
            FloatVector sum${t}${v} = zero(FLOATS);
%end
%end
            int end = Math.min(start + groupSize, to);
            for (int input = start; input < end; input++) {
                FloatVector a = fromMemorySegment(FLOATS, block, weight, LITTLE_ENDIAN);
                FloatVector b = fromMemorySegment(FLOATS, block, weight + BYTES, LITTLE_ENDIAN);
                long at = in0 + 4L * input;
%for t below n
                FloatVector x${t} = broadcast(INTS, in.get(INT, at${+ t inBytes})).reinterpretAsFloats();
%for v in a b
                sum${t}${v} = ${v}.fma(x${t}, sum${t}${v});
%end
%end
                weight += 2 * BYTES;
            }
%for v in a b
            FloatVector scale${v.upper} = fromMemorySegment(FLOATS, scales, scale${+ #v BYTES}, LITTLE_ENDIAN);
%if T.minimum
            FloatVector minimum${v.upper} = fromMemorySegment(FLOATS, minimums, scale${+ #v BYTES}, LITTLE_ENDIAN);
%end
%end
%for t below n
%if T.minimum
            FloatVector inputs${t} = FloatVector.broadcast(FLOATS, inputSums[inputs${+ t inputsStride}]);
%end
%for v in a b
            total${t}${v} = scale${v.upper}.fma(sum${t}${v}, total${t}${v});
%if T.minimum
            total${t}${v} = minimum${v.upper}.fma(inputs${t}, total${t}${v});
%end
%end
%end
%if T.minimum
            inputs++;
%end
            scale += 4 * BYTES;
        }
%for t below n
%for v in a b
        total${t}${v}.intoMemorySegment(totals, total${+ t 2 * BYTES}${+ #v BYTES}, LITTLE_ENDIAN);
%end
%end
    }
%end
%end

    /** Adds biases to the totals of half a panel from {@code output} on, for tokens {@code [0, numTokens)}. */
    static void finish(VectorGroupedWeights weights, GroupedPanel source, int half, Tensor y, int numTokens,
            int output) {
        MemorySegment totals = source.totals(half);
        MemorySegment out = y.segment();
%for v in a b
        FloatVector bias${v.upper} = fromMemorySegment(FLOATS, weights.biases(), 4L * output${+ #v BYTES}, LITTLE_ENDIAN);
        VectorMask<Float> mask${v.upper} = FLOATS.indexInRange(output${+ #v COUNT}, weights.numOutputs());
%end
        for (int token = 0; token < numTokens; token++) {
            long total = token * 2L * BYTES;
            long first = rowByteOffset(y, token) + 4L * output;
%for v in a b
            FloatVector total${v.upper} = fromMemorySegment(FLOATS, totals, total${+ #v BYTES}, LITTLE_ENDIAN);
            FloatVector sum${v.upper} = total${v.upper}.add(bias${v.upper});
            sum${v.upper}.intoMemorySegment(out, first${+ #v BYTES}, LITTLE_ENDIAN, mask${v.upper});
%end
        }
    }

    private static long rowByteOffset(Tensor tensor, int token) {
        return token * tensor.stride(0) * Float.BYTES;
    }
}
