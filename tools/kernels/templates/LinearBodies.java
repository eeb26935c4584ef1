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

import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * The inner loops of linear layers over one packed panel: tokens go through it several at a time, in at least eight
 * chains of multiply-adds, enough to hide the latency of an fma; sixteen also hide the loads. A lane sums one output
 * of one token over the inputs ascending, so neither the number of tokens nor the cut into ranges nor the vector width
 * changes a bit.
 *
 * <p>All bodies of this package are written for the JIT. Every accumulator is a local variable, as no array element
 * stays in a register. They call the Vector API itself, which is always inlined; a method of ours may not be, and then
 * each vector that crosses the call is allocated; so is, at times, one that a {@code ? :} returns. And they are short:
 * beyond some dozen operations inlining ends. Where the results go is computed before the loop: after it, C2 gave the
 * body for eight tokens of BF16 a quarter of its speed.
 */
final class LinearBodies {
    private LinearBodies() {}
%for T in F32 BF16 INT8

    /** All tokens through the panel of {@code output}. */
    static void panel${T.name}(Tensor x, ${T.weights} weights, Tensor y, int numTokens, int output) {
        boolean isWhole = output + ${T.weights}.PANEL_OUTPUTS <= weights.numOutputs();
        int token = 0;
%for n in T.wideTokens
        for (; HAS_REGISTERS && isWhole && token + ${n} <= numTokens; token += ${n}) {
            ${n.tokens}${T.name}(x, weights, y, token, output);
        }
%end
%for n in T.fewTokens
        for (; isWhole && token + ${n} <= numTokens; token += ${n}) {
            ${n.tokens}${T.name}(x, weights, y, token, output);
        }
%end
        for (; token < numTokens; token++) {
            oneToken${T.name}(x, weights, y, token, output);
        }
    }
%def sums
%for t below n
%for v in T.vectors
FloatVector sum${t}${v} = zero(FLOATS);
%end
%end
for (int input = 0; input < weights.numInputs(); input++) {
    long weight = panelStart + ${T.inputBytes} * input;
    %use T.panel
    long at = in0 + 4L * input;
%for t below n
    FloatVector x${t} = broadcast(INTS, in.get(INT, at${+ t inBytes})).reinterpretAsFloats();
%for v in T.vectors
    sum${t}${v} = ${v}.fma(x${t}, sum${t}${v});
%end
%end
}
%end
%def factors
%if T.rowScales
FloatVector scale${v.upper} = fromMemorySegment(FLOATS, weights.scales(), 4L * output${+ #v BYTES}, LITTLE_ENDIAN);
%end
FloatVector bias${v.upper} = fromMemorySegment(FLOATS, weights.biases(), 4L * output${+ #v BYTES}, LITTLE_ENDIAN);
%end
%def result
%if T.rowScales
FloatVector y${t}${v} = sum${t}${v}.mul(scale${v.upper}).add(bias${v.upper});
%else
FloatVector y${t}${v} = sum${t}${v}.add(bias${v.upper});
%end
%end
%for n in T.tokenCounts

    private static void ${n.tokens}${T.name}(Tensor x, ${T.weights} weights, Tensor y, int token, int output) {
        MemorySegment in = x.segment();
        long in0 = rowByteOffset(x, token);
        long inBytes = rowByteOffset(x, 1);
        MemorySegment panel = weights.panels();
        long panelStart = weights.panelByteOffset(output);
        MemorySegment out = y.segment();
        long first = rowByteOffset(y, token) + 4L * output;
        long rowBytes = rowByteOffset(y, 1);
        %paste sums
%for v in T.vectors
        %paste factors
%for t below n
        %paste result
        y${t}${v}.intoMemorySegment(out, first${+ t rowBytes}${+ #v BYTES}, LITTLE_ENDIAN);
%end
%end
    }
%end

    /** Of the last panel, writes only the outputs that there are. */
    private static void oneToken${T.name}(Tensor x, ${T.weights} weights, Tensor y, int token, int output) {
        MemorySegment in = x.segment();
        long in0 = rowByteOffset(x, token);
        MemorySegment panel = weights.panels();
        long panelStart = weights.panelByteOffset(output);
        MemorySegment out = y.segment();
        long first = rowByteOffset(y, token) + 4L * output;
%for n in 1
        %paste sums
%end
%for v in T.vectors
        %paste factors
        VectorMask<Float> mask${v.upper} = FLOATS.indexInRange(output${+ #v COUNT}, weights.numOutputs());
%for t below 1
        %paste result
        y${t}${v}.intoMemorySegment(out, first${+ #v BYTES}, LITTLE_ENDIAN, mask${v.upper});
%end
%end
    }
%end

    private static long rowByteOffset(Tensor tensor, int token) {
        return token * tensor.stride(0) * Float.BYTES;
    }
}
