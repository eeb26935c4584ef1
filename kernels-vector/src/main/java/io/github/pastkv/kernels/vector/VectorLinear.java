package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static io.github.pastkv.kernels.vector.Lanes.INT;
import static io.github.pastkv.kernels.vector.Lanes.INTS;
import static io.github.pastkv.kernels.vector.VectorLinearWeights.PANEL_OUTPUTS;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.zero;
import static jdk.incubator.vector.IntVector.broadcast;
import static jdk.incubator.vector.VectorOperators.LSHL;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * Linear layers over packed panels. A panel is two vectors of outputs wide, left and right, and stays in a near cache
 * while tokens pass through it four at a time, eight where there are registers: at least eight chains, enough to hide the
 * latency of an fma; sixteen also hide the loads. A lane
 * sums one output of one token over the inputs ascending, so neither the number of tokens nor the cut into ranges nor
 * the width changes a bit.
 *
 * <p>The bodies are written for the JIT. Every accumulator is a local variable, as no array element stays in a register.
 * They call the Vector API itself, which is always inlined; a method of ours may not be, and then each vector that
 * crosses the call is allocated; so is, at times, one that a {@code ? :} returns. And they are short: beyond some dozen
 * operations inlining ends.
 */
final class VectorLinear {
    /** Vectors of 512 bits come with 32 registers, room for the sums of eight tokens. */
    private static final boolean HAS_REGISTERS = Lanes.COUNT == 16;

    private VectorLinear() {}

    static void linear(Tensor x, VectorLinearWeights weights, Tensor y, int numTokens, int fromOutput, int toOutput) {
        for (int output = fromOutput; output < toOutput; output += PANEL_OUTPUTS) {
            if (weights.dataType() == DataType.BF16) {
                panelBf16(x, weights, y, numTokens, output);
            } else {
                panelF32(x, weights, y, numTokens, output);
            }
        }
    }

    private static void panelF32(Tensor x, VectorLinearWeights weights, Tensor y, int numTokens, int output) {
        int token = 0;
        for (; HAS_REGISTERS && token + 8 <= numTokens && isWhole(weights, output); token += 8) {
            eightTokensF32(x, weights, y, token, output);
        }
        for (; token + 4 <= numTokens && isWhole(weights, output); token += 4) {
            fourTokensF32(x, weights, y, token, output);
        }
        for (; token < numTokens; token++) {
            oneTokenF32(x, weights, y, token, output);
        }
    }

    private static void panelBf16(Tensor x, VectorLinearWeights weights, Tensor y, int numTokens, int output) {
        int token = 0;
        for (; HAS_REGISTERS && token + 8 <= numTokens && isWhole(weights, output); token += 8) {
            eightTokensBf16(x, weights, y, token, output);
        }
        for (; token + 4 <= numTokens && isWhole(weights, output); token += 4) {
            fourTokensBf16(x, weights, y, token, output);
        }
        for (; token < numTokens; token++) {
            oneTokenBf16(x, weights, y, token, output);
        }
    }

    private static void eightTokensF32(Tensor x, VectorLinearWeights weights, Tensor y, int token, int output) {
        MemorySegment in = x.segment();
        MemorySegment panel = weights.panels();
        MemorySegment out = y.segment();
        long in0 = rowByteOffset(x, token);
        long panelStart = weights.panelByteOffset(output);
        long first = rowByteOffset(y, token) + 4L * output;
        long inBytes = rowByteOffset(x, 1);
        long rowBytes = rowByteOffset(y, 1);
        FloatVector left0 = zero(FLOATS);
        FloatVector right0 = zero(FLOATS);
        FloatVector left1 = zero(FLOATS);
        FloatVector right1 = zero(FLOATS);
        FloatVector left2 = zero(FLOATS);
        FloatVector right2 = zero(FLOATS);
        FloatVector left3 = zero(FLOATS);
        FloatVector right3 = zero(FLOATS);
        FloatVector left4 = zero(FLOATS);
        FloatVector right4 = zero(FLOATS);
        FloatVector left5 = zero(FLOATS);
        FloatVector right5 = zero(FLOATS);
        FloatVector left6 = zero(FLOATS);
        FloatVector right6 = zero(FLOATS);
        FloatVector left7 = zero(FLOATS);
        FloatVector right7 = zero(FLOATS);
        for (int input = 0; input < weights.numInputs(); input++) {
            FloatVector left = fromMemorySegment(FLOATS, panel, panelStart + 2 * BYTES * input, LITTLE_ENDIAN);
            FloatVector right = fromMemorySegment(FLOATS, panel, panelStart + 2 * BYTES * input + BYTES, LITTLE_ENDIAN);
            long at = in0 + 4L * input;
            FloatVector x0 = broadcast(INTS, in.get(INT, at)).reinterpretAsFloats();
            left0 = left.fma(x0, left0);
            right0 = right.fma(x0, right0);
            FloatVector x1 = broadcast(INTS, in.get(INT, at + inBytes)).reinterpretAsFloats();
            left1 = left.fma(x1, left1);
            right1 = right.fma(x1, right1);
            FloatVector x2 = broadcast(INTS, in.get(INT, at + 2 * inBytes)).reinterpretAsFloats();
            left2 = left.fma(x2, left2);
            right2 = right.fma(x2, right2);
            FloatVector x3 = broadcast(INTS, in.get(INT, at + 3 * inBytes)).reinterpretAsFloats();
            left3 = left.fma(x3, left3);
            right3 = right.fma(x3, right3);
            FloatVector x4 = broadcast(INTS, in.get(INT, at + 4 * inBytes)).reinterpretAsFloats();
            left4 = left.fma(x4, left4);
            right4 = right.fma(x4, right4);
            FloatVector x5 = broadcast(INTS, in.get(INT, at + 5 * inBytes)).reinterpretAsFloats();
            left5 = left.fma(x5, left5);
            right5 = right.fma(x5, right5);
            FloatVector x6 = broadcast(INTS, in.get(INT, at + 6 * inBytes)).reinterpretAsFloats();
            left6 = left.fma(x6, left6);
            right6 = right.fma(x6, right6);
            FloatVector x7 = broadcast(INTS, in.get(INT, at + 7 * inBytes)).reinterpretAsFloats();
            left7 = left.fma(x7, left7);
            right7 = right.fma(x7, right7);
        }
        FloatVector leftBias = fromMemorySegment(FLOATS, weights.biases(), 4L * output, LITTLE_ENDIAN);
        FloatVector rightBias = fromMemorySegment(FLOATS, weights.biases(), 4L * output + BYTES, LITTLE_ENDIAN);
        left0.add(leftBias).intoMemorySegment(out, first, LITTLE_ENDIAN);
        right0.add(rightBias).intoMemorySegment(out, first + BYTES, LITTLE_ENDIAN);
        left1.add(leftBias).intoMemorySegment(out, first + rowBytes, LITTLE_ENDIAN);
        right1.add(rightBias).intoMemorySegment(out, first + rowBytes + BYTES, LITTLE_ENDIAN);
        left2.add(leftBias).intoMemorySegment(out, first + 2 * rowBytes, LITTLE_ENDIAN);
        right2.add(rightBias).intoMemorySegment(out, first + 2 * rowBytes + BYTES, LITTLE_ENDIAN);
        left3.add(leftBias).intoMemorySegment(out, first + 3 * rowBytes, LITTLE_ENDIAN);
        right3.add(rightBias).intoMemorySegment(out, first + 3 * rowBytes + BYTES, LITTLE_ENDIAN);
        left4.add(leftBias).intoMemorySegment(out, first + 4 * rowBytes, LITTLE_ENDIAN);
        right4.add(rightBias).intoMemorySegment(out, first + 4 * rowBytes + BYTES, LITTLE_ENDIAN);
        left5.add(leftBias).intoMemorySegment(out, first + 5 * rowBytes, LITTLE_ENDIAN);
        right5.add(rightBias).intoMemorySegment(out, first + 5 * rowBytes + BYTES, LITTLE_ENDIAN);
        left6.add(leftBias).intoMemorySegment(out, first + 6 * rowBytes, LITTLE_ENDIAN);
        right6.add(rightBias).intoMemorySegment(out, first + 6 * rowBytes + BYTES, LITTLE_ENDIAN);
        left7.add(leftBias).intoMemorySegment(out, first + 7 * rowBytes, LITTLE_ENDIAN);
        right7.add(rightBias).intoMemorySegment(out, first + 7 * rowBytes + BYTES, LITTLE_ENDIAN);
    }

    private static void fourTokensF32(Tensor x, VectorLinearWeights weights, Tensor y, int token, int output) {
        MemorySegment in = x.segment();
        long in0 = rowByteOffset(x, token);
        long in1 = rowByteOffset(x, token + 1);
        long in2 = rowByteOffset(x, token + 2);
        long in3 = rowByteOffset(x, token + 3);
        MemorySegment panel = weights.panels();
        long panelStart = weights.panelByteOffset(output);
        FloatVector left0 = zero(FLOATS);
        FloatVector left1 = zero(FLOATS);
        FloatVector left2 = zero(FLOATS);
        FloatVector left3 = zero(FLOATS);
        FloatVector right0 = zero(FLOATS);
        FloatVector right1 = zero(FLOATS);
        FloatVector right2 = zero(FLOATS);
        FloatVector right3 = zero(FLOATS);
        for (int input = 0; input < weights.numInputs(); input++) {
            FloatVector left = fromMemorySegment(FLOATS, panel, panelStart + 2 * BYTES * input, LITTLE_ENDIAN);
            FloatVector right = fromMemorySegment(FLOATS, panel, panelStart + 2 * BYTES * input + BYTES, LITTLE_ENDIAN);
            FloatVector x0 = broadcast(INTS, in.get(INT, in0 + 4L * input)).reinterpretAsFloats();
            left0 = left.fma(x0, left0);
            right0 = right.fma(x0, right0);
            FloatVector x1 = broadcast(INTS, in.get(INT, in1 + 4L * input)).reinterpretAsFloats();
            left1 = left.fma(x1, left1);
            right1 = right.fma(x1, right1);
            FloatVector x2 = broadcast(INTS, in.get(INT, in2 + 4L * input)).reinterpretAsFloats();
            left2 = left.fma(x2, left2);
            right2 = right.fma(x2, right2);
            FloatVector x3 = broadcast(INTS, in.get(INT, in3 + 4L * input)).reinterpretAsFloats();
            left3 = left.fma(x3, left3);
            right3 = right.fma(x3, right3);
        }
        FloatVector leftBias = fromMemorySegment(FLOATS, weights.biases(), 4L * output, LITTLE_ENDIAN);
        FloatVector rightBias = fromMemorySegment(FLOATS, weights.biases(), 4L * output + BYTES, LITTLE_ENDIAN);
        MemorySegment out = y.segment();
        long first = rowByteOffset(y, token) + 4L * output;
        long rowBytes = rowByteOffset(y, 1);
        left0.add(leftBias).intoMemorySegment(out, first, LITTLE_ENDIAN);
        right0.add(rightBias).intoMemorySegment(out, first + BYTES, LITTLE_ENDIAN);
        left1.add(leftBias).intoMemorySegment(out, first + rowBytes, LITTLE_ENDIAN);
        right1.add(rightBias).intoMemorySegment(out, first + rowBytes + BYTES, LITTLE_ENDIAN);
        left2.add(leftBias).intoMemorySegment(out, first + 2 * rowBytes, LITTLE_ENDIAN);
        right2.add(rightBias).intoMemorySegment(out, first + 2 * rowBytes + BYTES, LITTLE_ENDIAN);
        left3.add(leftBias).intoMemorySegment(out, first + 3 * rowBytes, LITTLE_ENDIAN);
        right3.add(rightBias).intoMemorySegment(out, first + 3 * rowBytes + BYTES, LITTLE_ENDIAN);
    }

    private static void oneTokenF32(Tensor x, VectorLinearWeights weights, Tensor y, int token, int output) {
        MemorySegment in = x.segment();
        long in0 = rowByteOffset(x, token);
        MemorySegment panel = weights.panels();
        long panelStart = weights.panelByteOffset(output);
        FloatVector left = zero(FLOATS);
        FloatVector right = zero(FLOATS);
        for (int input = 0; input < weights.numInputs(); input++) {
            FloatVector x0 = broadcast(INTS, in.get(INT, in0 + 4L * input)).reinterpretAsFloats();
            long offset = panelStart + 2 * BYTES * input;
            left = fromMemorySegment(FLOATS, panel, offset, LITTLE_ENDIAN).fma(x0, left);
            right = fromMemorySegment(FLOATS, panel, offset + BYTES, LITTLE_ENDIAN).fma(x0, right);
        }
        FloatVector leftBias = fromMemorySegment(FLOATS, weights.biases(), 4L * output, LITTLE_ENDIAN);
        FloatVector rightBias = fromMemorySegment(FLOATS, weights.biases(), 4L * output + BYTES, LITTLE_ENDIAN);
        MemorySegment out = y.segment();
        long first = rowByteOffset(y, token) + 4L * output;
        int numLeft = weights.numOutputs() - output;
        VectorMask<Float> leftMask = FLOATS.indexInRange(0, numLeft);
        VectorMask<Float> rightMask = FLOATS.indexInRange(Lanes.COUNT, numLeft);
        left.add(leftBias).intoMemorySegment(out, first, LITTLE_ENDIAN, leftMask);
        right.add(rightBias).intoMemorySegment(out, first + BYTES, LITTLE_ENDIAN, rightMask);
    }

    private static void eightTokensBf16(Tensor x, VectorLinearWeights weights, Tensor y, int token, int output) {
        MemorySegment in = x.segment();
        MemorySegment panel = weights.panels();
        MemorySegment out = y.segment();
        long in0 = rowByteOffset(x, token);
        long panelStart = weights.panelByteOffset(output);
        long first = rowByteOffset(y, token) + 4L * output;
        long inBytes = rowByteOffset(x, 1);
        long rowBytes = rowByteOffset(y, 1);
        FloatVector left0 = zero(FLOATS);
        FloatVector right0 = zero(FLOATS);
        FloatVector left1 = zero(FLOATS);
        FloatVector right1 = zero(FLOATS);
        FloatVector left2 = zero(FLOATS);
        FloatVector right2 = zero(FLOATS);
        FloatVector left3 = zero(FLOATS);
        FloatVector right3 = zero(FLOATS);
        FloatVector left4 = zero(FLOATS);
        FloatVector right4 = zero(FLOATS);
        FloatVector left5 = zero(FLOATS);
        FloatVector right5 = zero(FLOATS);
        FloatVector left6 = zero(FLOATS);
        FloatVector right6 = zero(FLOATS);
        FloatVector left7 = zero(FLOATS);
        FloatVector right7 = zero(FLOATS);
        for (int input = 0; input < weights.numInputs(); input++) {
            IntVector pairs = IntVector.fromMemorySegment(INTS, panel, panelStart + BYTES * input, LITTLE_ENDIAN);
            FloatVector left = pairs.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector right = pairs.and(0xFFFF_0000).reinterpretAsFloats();
            long at = in0 + 4L * input;
            FloatVector x0 = broadcast(INTS, in.get(INT, at)).reinterpretAsFloats();
            left0 = left.fma(x0, left0);
            right0 = right.fma(x0, right0);
            FloatVector x1 = broadcast(INTS, in.get(INT, at + inBytes)).reinterpretAsFloats();
            left1 = left.fma(x1, left1);
            right1 = right.fma(x1, right1);
            FloatVector x2 = broadcast(INTS, in.get(INT, at + 2 * inBytes)).reinterpretAsFloats();
            left2 = left.fma(x2, left2);
            right2 = right.fma(x2, right2);
            FloatVector x3 = broadcast(INTS, in.get(INT, at + 3 * inBytes)).reinterpretAsFloats();
            left3 = left.fma(x3, left3);
            right3 = right.fma(x3, right3);
            FloatVector x4 = broadcast(INTS, in.get(INT, at + 4 * inBytes)).reinterpretAsFloats();
            left4 = left.fma(x4, left4);
            right4 = right.fma(x4, right4);
            FloatVector x5 = broadcast(INTS, in.get(INT, at + 5 * inBytes)).reinterpretAsFloats();
            left5 = left.fma(x5, left5);
            right5 = right.fma(x5, right5);
            FloatVector x6 = broadcast(INTS, in.get(INT, at + 6 * inBytes)).reinterpretAsFloats();
            left6 = left.fma(x6, left6);
            right6 = right.fma(x6, right6);
            FloatVector x7 = broadcast(INTS, in.get(INT, at + 7 * inBytes)).reinterpretAsFloats();
            left7 = left.fma(x7, left7);
            right7 = right.fma(x7, right7);
        }
        FloatVector leftBias = fromMemorySegment(FLOATS, weights.biases(), 4L * output, LITTLE_ENDIAN);
        FloatVector rightBias = fromMemorySegment(FLOATS, weights.biases(), 4L * output + BYTES, LITTLE_ENDIAN);
        left0.add(leftBias).intoMemorySegment(out, first, LITTLE_ENDIAN);
        right0.add(rightBias).intoMemorySegment(out, first + BYTES, LITTLE_ENDIAN);
        left1.add(leftBias).intoMemorySegment(out, first + rowBytes, LITTLE_ENDIAN);
        right1.add(rightBias).intoMemorySegment(out, first + rowBytes + BYTES, LITTLE_ENDIAN);
        left2.add(leftBias).intoMemorySegment(out, first + 2 * rowBytes, LITTLE_ENDIAN);
        right2.add(rightBias).intoMemorySegment(out, first + 2 * rowBytes + BYTES, LITTLE_ENDIAN);
        left3.add(leftBias).intoMemorySegment(out, first + 3 * rowBytes, LITTLE_ENDIAN);
        right3.add(rightBias).intoMemorySegment(out, first + 3 * rowBytes + BYTES, LITTLE_ENDIAN);
        left4.add(leftBias).intoMemorySegment(out, first + 4 * rowBytes, LITTLE_ENDIAN);
        right4.add(rightBias).intoMemorySegment(out, first + 4 * rowBytes + BYTES, LITTLE_ENDIAN);
        left5.add(leftBias).intoMemorySegment(out, first + 5 * rowBytes, LITTLE_ENDIAN);
        right5.add(rightBias).intoMemorySegment(out, first + 5 * rowBytes + BYTES, LITTLE_ENDIAN);
        left6.add(leftBias).intoMemorySegment(out, first + 6 * rowBytes, LITTLE_ENDIAN);
        right6.add(rightBias).intoMemorySegment(out, first + 6 * rowBytes + BYTES, LITTLE_ENDIAN);
        left7.add(leftBias).intoMemorySegment(out, first + 7 * rowBytes, LITTLE_ENDIAN);
        right7.add(rightBias).intoMemorySegment(out, first + 7 * rowBytes + BYTES, LITTLE_ENDIAN);
    }

    private static void fourTokensBf16(Tensor x, VectorLinearWeights weights, Tensor y, int token, int output) {
        MemorySegment in = x.segment();
        long in0 = rowByteOffset(x, token);
        long in1 = rowByteOffset(x, token + 1);
        long in2 = rowByteOffset(x, token + 2);
        long in3 = rowByteOffset(x, token + 3);
        MemorySegment panel = weights.panels();
        long panelStart = weights.panelByteOffset(output);
        FloatVector left0 = zero(FLOATS);
        FloatVector left1 = zero(FLOATS);
        FloatVector left2 = zero(FLOATS);
        FloatVector left3 = zero(FLOATS);
        FloatVector right0 = zero(FLOATS);
        FloatVector right1 = zero(FLOATS);
        FloatVector right2 = zero(FLOATS);
        FloatVector right3 = zero(FLOATS);
        for (int input = 0; input < weights.numInputs(); input++) {
            IntVector pairs = IntVector.fromMemorySegment(INTS, panel, panelStart + BYTES * input, LITTLE_ENDIAN);
            FloatVector left = pairs.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector right = pairs.and(0xFFFF_0000).reinterpretAsFloats();
            FloatVector x0 = broadcast(INTS, in.get(INT, in0 + 4L * input)).reinterpretAsFloats();
            left0 = left.fma(x0, left0);
            right0 = right.fma(x0, right0);
            FloatVector x1 = broadcast(INTS, in.get(INT, in1 + 4L * input)).reinterpretAsFloats();
            left1 = left.fma(x1, left1);
            right1 = right.fma(x1, right1);
            FloatVector x2 = broadcast(INTS, in.get(INT, in2 + 4L * input)).reinterpretAsFloats();
            left2 = left.fma(x2, left2);
            right2 = right.fma(x2, right2);
            FloatVector x3 = broadcast(INTS, in.get(INT, in3 + 4L * input)).reinterpretAsFloats();
            left3 = left.fma(x3, left3);
            right3 = right.fma(x3, right3);
        }
        FloatVector leftBias = fromMemorySegment(FLOATS, weights.biases(), 4L * output, LITTLE_ENDIAN);
        FloatVector rightBias = fromMemorySegment(FLOATS, weights.biases(), 4L * output + BYTES, LITTLE_ENDIAN);
        MemorySegment out = y.segment();
        long first = rowByteOffset(y, token) + 4L * output;
        long rowBytes = rowByteOffset(y, 1);
        left0.add(leftBias).intoMemorySegment(out, first, LITTLE_ENDIAN);
        right0.add(rightBias).intoMemorySegment(out, first + BYTES, LITTLE_ENDIAN);
        left1.add(leftBias).intoMemorySegment(out, first + rowBytes, LITTLE_ENDIAN);
        right1.add(rightBias).intoMemorySegment(out, first + rowBytes + BYTES, LITTLE_ENDIAN);
        left2.add(leftBias).intoMemorySegment(out, first + 2 * rowBytes, LITTLE_ENDIAN);
        right2.add(rightBias).intoMemorySegment(out, first + 2 * rowBytes + BYTES, LITTLE_ENDIAN);
        left3.add(leftBias).intoMemorySegment(out, first + 3 * rowBytes, LITTLE_ENDIAN);
        right3.add(rightBias).intoMemorySegment(out, first + 3 * rowBytes + BYTES, LITTLE_ENDIAN);
    }

    private static void oneTokenBf16(Tensor x, VectorLinearWeights weights, Tensor y, int token, int output) {
        MemorySegment in = x.segment();
        long in0 = rowByteOffset(x, token);
        MemorySegment panel = weights.panels();
        long panelStart = weights.panelByteOffset(output);
        FloatVector left = zero(FLOATS);
        FloatVector right = zero(FLOATS);
        for (int input = 0; input < weights.numInputs(); input++) {
            FloatVector x0 = broadcast(INTS, in.get(INT, in0 + 4L * input)).reinterpretAsFloats();
            IntVector pairs = IntVector.fromMemorySegment(INTS, panel, panelStart + BYTES * input, LITTLE_ENDIAN);
            left = pairs.lanewise(LSHL, 16).reinterpretAsFloats().fma(x0, left);
            right = pairs.and(0xFFFF_0000).reinterpretAsFloats().fma(x0, right);
        }
        FloatVector leftBias = fromMemorySegment(FLOATS, weights.biases(), 4L * output, LITTLE_ENDIAN);
        FloatVector rightBias = fromMemorySegment(FLOATS, weights.biases(), 4L * output + BYTES, LITTLE_ENDIAN);
        MemorySegment out = y.segment();
        long first = rowByteOffset(y, token) + 4L * output;
        int numLeft = weights.numOutputs() - output;
        VectorMask<Float> leftMask = FLOATS.indexInRange(0, numLeft);
        VectorMask<Float> rightMask = FLOATS.indexInRange(Lanes.COUNT, numLeft);
        left.add(leftBias).intoMemorySegment(out, first, LITTLE_ENDIAN, leftMask);
        right.add(rightBias).intoMemorySegment(out, first + BYTES, LITTLE_ENDIAN, rightMask);
    }

    /** Whether all outputs of a panel are there; only the body of one token can leave some out. */
    private static boolean isWhole(VectorLinearWeights weights, int output) {
        return output + PANEL_OUTPUTS <= weights.numOutputs();
    }

    private static long rowByteOffset(Tensor tensor, int token) {
        return token * tensor.stride(0) * Float.BYTES;
    }
}
