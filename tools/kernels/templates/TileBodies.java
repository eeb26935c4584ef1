package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.COUNT;
import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static io.github.pastkv.kernels.vector.Lanes.INTS;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromArray;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.zero;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * The inner loops of linear layers for four tokens at a time where there are 16 registers. Weights become floats once
 * for all tokens, a block of inputs that stays in the nearest cache, and the tokens' inputs lie next to each other, all
 * in arrays: eight loads of an input from rows of memory segments took more instructions, for bounds and addresses that
 * have no register, than its eight multiply-adds. Loops take two inputs and end at an index rather than after a count:
 * C2 would unroll them further, and run out of registers. See {@link LinearBodies}.
 */
final class TileBodies {
    private TileBodies() {}

    /** Writes the integers of inputs {@code [from, to)} of a panel to the blocks. */
    static void unpack(GroupedPanel panel, int from, int to, TileScratch scratch) {
        switch (panel.kind()) {
%for k in Uint4 Int4 Int6 Int8
            case ${k.kind} -> unpack${k}Converted(panel, from, to, scratch.block(0), scratch.block(1));
%end
            case INT5_ROW, UINT5_MINIMUM_ROW ->
                    throw new IllegalStateException("kind: " + panel.kind() + ", is for one token");
        }
    }
%def putInput
a${i}.intoArray(ab, target${+ i 2 * COUNT});
b${i}.intoArray(ab, target${+ i 2 * COUNT} + COUNT);
c${i}.intoArray(cd, target${+ i 2 * COUNT});
d${i}.intoArray(cd, target${+ i 2 * COUNT} + COUNT);
%end
%for T in Grouped8Converted Unsigned4Converted Signed4Converted Signed6Converted

    private static void unpack${T.name}(GroupedPanel source, int from, int to, float[] ab, float[] cd) {
        MemorySegment panel = source.numbers();
        long weight = source.numbersByteOffset() + from / ${T.inputsPerStep} * (${T.stepBytes});
        int target = 0;
        long end = weight + Math.ceilDiv(to - from, ${T.inputsPerStep}) * (${T.stepBytes});
        while (weight != end) {
            %use T.step
%for i in T.inputs
            %paste putInput
%end
%if T.halved
            %use T.secondStep
%for i in T.secondInputs
            %paste putInput
%end
%end
            weight += ${T.stepBytes};
            target += ${T.inputsPerStep} * 2 * COUNT;
        }
    }
%end
%for T in F32 BF16 INT8

    /** Writes the weights of inputs {@code [from, to)}, and -0, which changes no sum, for a missing last one of two. */
    static void unpack${T.name}(${T.weights} weights, int output, int from, int to, ${T.blocks}) {
        MemorySegment panel = weights.panels();
        long weight = weights.panelByteOffset(output) + ${T.inputBytes} * from;
        int target = 0;
        long end = weight + ${T.inputBytes} * (to - from);
        while (weight != end) {
            %use T.panel
%for v in T.vectors
            ${v}.intoArray(${v.block}, target${v.inHalf});
%end
            weight += ${T.inputBytes};
            target += 2 * COUNT;
        }
        if ((to - from) % 2 == 1) {
%for v in T.vectors
            broadcast(FLOATS, -0f).intoArray(${v.block}, target${v.inHalf});
%end
        }
    }
%end
%def twoInputs
while (input != last) {
%for i below 2
    FloatVector a${i} = fromArray(FLOATS, block, weight${+ i 2 * COUNT});
    FloatVector b${i} = fromArray(FLOATS, block, weight${+ i 2 * COUNT} + COUNT);
%for t below 4
    FloatVector x${i}${t} = broadcast(FLOATS, x[input${+ i 4}${+ t 1}]);
    sum${t}a = a${i}.fma(x${i}${t}, sum${t}a);
    sum${t}b = b${i}.fma(x${i}${t}, sum${t}b);
%end
%end
    weight += 4 * COUNT;
    input += 8;
}
%end
%for T in Plain Unsigned4 Unsigned4Minimum

%if T.grouped
    /** Inputs {@code [from, to)} of four tokens through half a panel, whose totals are added to. */
    static void tile${T.tile}(TileScratch scratch, int groupSize, GroupedPanel source, int half, int token, int from,
            int to) {
%else
    /** Inputs {@code [from, to)} of four tokens through a block, whose totals are added to. */
    static void tile(TileScratch scratch, int half, int token, int from, int to) {
%end
        float[] x = scratch.tokens();
        int input = scratch.firstNumber(token, from);
        float[] block = scratch.block(half);
%if T.grouped
        MemorySegment scales = source.scales();
        long scale = source.scalesByteOffset() + (4L * (from / groupSize) + 2L * half) * BYTES;
%end
%if T.minimum
        MemorySegment minimums = source.minimums();
        float[] inputSums = source.inputSums();
        int inputs = source.firstInputSum(token) + from / groupSize;
        int inputsStride = source.firstInputSum(1);
%end
        float[] totals = scratch.totals(half);
        int total = token * 2 * COUNT;
        int weight = 0;
%if T.grouped
        for (int start = from; start < to; start += groupSize) {
%for t below 4
%for v in a b
            FloatVector sum${t}${v} = zero(FLOATS);
%end
%end
            int last = input + Math.ceilDiv(Math.min(groupSize, to - start), 2) * 8;
            %paste twoInputs
%for v in a b
            FloatVector scale${v.upper} = fromMemorySegment(FLOATS, scales, scale${+ #v BYTES}, LITTLE_ENDIAN);
%if T.minimum
            FloatVector minimum${v.upper} = fromMemorySegment(FLOATS, minimums, scale${+ #v BYTES}, LITTLE_ENDIAN);
%end
%end
%for t below 4
%if T.minimum
            FloatVector inputs${t} = broadcast(FLOATS, inputSums[inputs${+ t inputsStride}]);
%end
%for v in a b
            FloatVector total${t}${v} = fromArray(FLOATS, totals, total${+ t 2 * COUNT}${+ #v COUNT});
            total${t}${v} = scale${v.upper}.fma(sum${t}${v}, total${t}${v});
%if T.minimum
            total${t}${v} = minimum${v.upper}.fma(inputs${t}, total${t}${v});
%end
            total${t}${v}.intoArray(totals, total${+ t 2 * COUNT}${+ #v COUNT});
%end
%end
%if T.minimum
            inputs++;
%end
            scale += 4 * BYTES;
        }
%else
%for t below 4
%for v in a b
        FloatVector sum${t}${v} = fromArray(FLOATS, totals, total${+ t 2 * COUNT}${+ #v COUNT});
%end
%end
        int last = input + Math.ceilDiv(to - from, 2) * 8;
        %paste twoInputs
%for t below 4
%for v in a b
        sum${t}${v}.intoArray(totals, total${+ t 2 * COUNT}${+ #v COUNT});
%end
%end
%end
    }
%end
}
