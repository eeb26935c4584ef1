package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.COUNT;
import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static io.github.pastkv.kernels.vector.Lanes.INT;
import static io.github.pastkv.kernels.vector.Lanes.INTS;
import static io.github.pastkv.kernels.vector.VectorGroupedWeights.PANEL_OUTPUTS;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.zero;
import static jdk.incubator.vector.IntVector.broadcast;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * The inner loops of linear layers over one panel of grouped integers. Each group has its own chain over the integers
 * as floats, which are exact; its sum times the scale is added to the output's, then its minimum times the sum of the
 * group's inputs. Two tokens at a time: with four, it depends on the profile whether the JIT stays within its limits or
 * allocates vectors. For the form of the code see {@link LinearBodies}.
 */
final class GroupedBodies {
    private GroupedBodies() {}

    /** All tokens through the panel of {@code output}. */
    static void panel(Tensor x, VectorGroupedWeights weights, GroupedPanel panel, Tensor y, int numTokens, int output) {
        boolean hasMinimums = weights.format().hasMinimums();
        switch (panel.kind()) {
            case UINT4 -> {
                if (hasMinimums) {
                    panelUint4Min(x, weights, panel, y, numTokens, output);
                } else {
                    panelUint4(x, weights, panel, y, numTokens, output);
                }
            }
            case INT4 -> {
                if (hasMinimums) {
                    panelInt4Min(x, weights, panel, y, numTokens, output);
                } else {
                    panelInt4(x, weights, panel, y, numTokens, output);
                }
            }
            case INT6_ROW -> oneTokenInt6(x, weights, panel, y, 0, output);
            case INT5_ROW -> oneTokenInt5(x, weights, panel, y, 0, output);
            case UINT5_MINIMUM_ROW -> oneTokenUint5Min(x, weights, panel, y, 0, output);
            case INT8 -> {
                if (hasMinimums) {
                    panelInt8Min(x, weights, panel, y, numTokens, output);
                } else {
                    panelInt8(x, weights, panel, y, numTokens, output);
                }
            }
        }
    }
%for T in Grouped8 Grouped8Minimum Unsigned4 Unsigned4Minimum Signed4 Signed4Minimum

    private static void panel${T.name}(Tensor x, VectorGroupedWeights weights, GroupedPanel source, Tensor y,
            int numTokens, int output) {
        boolean isWhole = output + PANEL_OUTPUTS <= weights.numOutputs();
        int token = 0;
        for (; isWhole && token + 2 <= numTokens; token += 2) {
            twoTokens${T.name}(x, weights, source, y, token, output);
        }
        for (; token < numTokens; token++) {
            oneToken${T.name}(x, weights, source, y, token, output);
        }
    }
%def sums
MemorySegment in = x.segment();
long in0 = rowByteOffset(x, token);
%if n.many
long inBytes = rowByteOffset(x, 1);
%end
MemorySegment panel = source.numbers();
long panelStart = source.numbersByteOffset();
MemorySegment scales = source.scales();
%if T.minimum
MemorySegment minimums = source.minimums();
MemorySegment inputSums = source.inputSums();
%for t below n
long inputs${t} = source.inputSumsByteOffset(token${+ t 1});
%end
%end
%if T.planes
MemorySegment highs = source.highs();
long highStart = source.highsByteOffset();
%end
long scale = source.scalesByteOffset();
int groupSize = weights.format().groupSize();
%for t below n
%for v in a b c d
FloatVector total${t}${v} = zero(FLOATS);
%end
%end
for (int from = 0; from < weights.numInputs(); from += groupSize) {
%for t below n
%for v in a b c d
    FloatVector sum${t}${v} = zero(FLOATS);
%end
%end
    int to = Math.min(from + groupSize, weights.numInputs());
    for (int input = from; input < to; input++) {
        %use T.group
        long at = in0 + 4L * input;
%for t below n
        FloatVector x${t} = broadcast(INTS, in.get(INT, at${+ t inBytes})).reinterpretAsFloats();
%for v in a b c d
        sum${t}${v} = ${v}.fma(x${t}, sum${t}${v});
%end
%end
    }
%for v in a b c d
    FloatVector scale${v.upper} = fromMemorySegment(FLOATS, scales, scale${+ #v BYTES}, LITTLE_ENDIAN);
%for t below n
    total${t}${v} = scale${v.upper}.fma(sum${t}${v}, total${t}${v});
%end
%end
%if T.minimum
    long group = from / groupSize * 4L;
%for t below n
    FloatVector sum${t} = broadcast(INTS, inputSums.get(INT, inputs${t} + group)).reinterpretAsFloats();
%end
%for v in a b c d
    FloatVector minimum${v.upper} = fromMemorySegment(FLOATS, minimums, scale${+ #v BYTES}, LITTLE_ENDIAN);
%for t below n
    total${t}${v} = minimum${v.upper}.fma(sum${t}, total${t}${v});
%end
%end
%end
    scale += 4L * PANEL_OUTPUTS;
}
MemorySegment out = y.segment();
long first = rowByteOffset(y, token) + 4L * output;
%end
%def bias
FloatVector bias${v.upper} = fromMemorySegment(FLOATS, weights.biases(), 4L * output${+ #v BYTES}, LITTLE_ENDIAN);
%end
%def onebody
    /** Of the last panel, writes only the outputs that there are. */
    private static void oneToken${T.name}(Tensor x, VectorGroupedWeights weights, GroupedPanel source, Tensor y,
            int token, int output) {
%for n in 1
        %paste sums
%end
%for v in a b c d
        %paste bias
        VectorMask<Float> mask${v.upper} = FLOATS.indexInRange(output${+ #v COUNT}, weights.numOutputs());
        total0${v}.add(bias${v.upper}).intoMemorySegment(out, first${+ #v BYTES}, LITTLE_ENDIAN, mask${v.upper});
%end
    }
%end
%for n in 2

    private static void ${n.tokens}${T.name}(Tensor x, VectorGroupedWeights weights, GroupedPanel source, Tensor y,
            int token, int output) {
        %paste sums
        long rowBytes = rowByteOffset(y, 1);
%for v in a b c d
        %paste bias
%for t below n
        total${t}${v}.add(bias${v.upper}).intoMemorySegment(out, first${+ t rowBytes}${+ #v BYTES}, LITTLE_ENDIAN);
%end
%end
    }
%end

%paste onebody
%end
%for T in Signed6 Signed5 Unsigned5Minimum

%paste onebody
%end

    private static long rowByteOffset(Tensor tensor, int token) {
        return token * tensor.stride(0) * Float.BYTES;
    }
}
