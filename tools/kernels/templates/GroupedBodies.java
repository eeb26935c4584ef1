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
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * The inner loops of linear layers over one panel of grouped integers. Each group has its own chain over the integers
 * as floats, which are exact; its sum times the scale is added to the output's. For the form of the code see {@link
 * LinearBodies}.
 */
final class GroupedBodies {
    /** Vectors of 512 bits come with 32 registers, room for the sums of four tokens. */
    private static final boolean HAS_REGISTERS = COUNT == 16;

    private GroupedBodies() {}

    /** All tokens through the panel of {@code output}. */
    static void panel(Tensor x, VectorGroupedWeights weights, Tensor y, int numTokens, int output) {
        boolean hasMinimums = weights.format().hasMinimums();
        if (weights.format().bits() == 8) {
            if (hasMinimums) {
                panelInt8Min(x, weights, y, numTokens, output);
            } else {
                panelInt8(x, weights, y, numTokens, output);
            }
        } else if (hasMinimums) {
            panelInt4Min(x, weights, y, numTokens, output);
        } else {
            panelInt4(x, weights, y, numTokens, output);
        }
    }
%for T in Grouped8 Grouped8Minimum Grouped4 Grouped4Minimum

    private static void panel${T.name}(Tensor x, VectorGroupedWeights weights, Tensor y, int numTokens, int output) {
        boolean isWhole = output + PANEL_OUTPUTS <= weights.numOutputs();
        int token = 0;
        for (; HAS_REGISTERS && isWhole && token + 4 <= numTokens; token += 4) {
            fourTokens${T.name}(x, weights, y, token, output);
        }
        for (; isWhole && token + 2 <= numTokens; token += 2) {
            twoTokens${T.name}(x, weights, y, token, output);
        }
        for (; token < numTokens; token++) {
            oneToken${T.name}(x, weights, y, token, output);
        }
    }
%def sums
MemorySegment in = x.segment();
long in0 = rowByteOffset(x, token);
%if n.many
long inBytes = rowByteOffset(x, 1);
%end
MemorySegment panel = weights.panels();
long panelStart = weights.panelByteOffset(output);
MemorySegment scales = weights.scales();
%if T.minimum
MemorySegment minimums = weights.minimums();
%end
long scale = weights.scaleByteOffset(output);
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
%if T.minimum
    FloatVector inputs${t} = zero(FLOATS);
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
%if T.minimum
        inputs${t} = inputs${t}.add(x${t});
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
%for v in a b c d
    FloatVector minimum${v.upper} = fromMemorySegment(FLOATS, minimums, scale${+ #v BYTES}, LITTLE_ENDIAN);
%for t below n
    total${t}${v} = minimum${v.upper}.fma(inputs${t}, total${t}${v});
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
%for n in 4 2

    private static void ${n.tokens}${T.name}(Tensor x, VectorGroupedWeights weights, Tensor y, int token, int output) {
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

    /** Of the last panel, writes only the outputs that there are. */
    private static void oneToken${T.name}(Tensor x, VectorGroupedWeights weights, Tensor y, int token, int output) {
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

    private static long rowByteOffset(Tensor tensor, int token) {
        return token * tensor.stride(0) * Float.BYTES;
    }
}
