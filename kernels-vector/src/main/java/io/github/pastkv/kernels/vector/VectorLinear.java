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

import io.github.pastkv.cache.DataType;
import io.github.pastkv.cache.Tensor;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * Linear layers over packed panels. A panel is two vectors of outputs wide, left and right, and stays in a near cache
 * while tokens pass through it four at a time: eight chains in registers, enough to hide the latency of an fma. A lane
 * sums one output of one token over the inputs ascending, so neither the number of tokens nor the cut into ranges nor
 * the width changes a bit.
 *
 * <p>The bodies are written for the JIT. Every accumulator is a local variable, as no array element stays in a register.
 * They call the Vector API itself, which is always inlined; a method of ours may not be, and then each vector that
 * crosses the call is allocated; so is, at times, one that a {@code ? :} returns. And they are short: beyond some dozen
 * operations inlining ends.
 */
final class VectorLinear {
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
        for (; token + 4 <= numTokens && isWhole(weights, output); token += 4) {
            fourTokensF32(x, weights, y, token, output);
        }
        for (; token < numTokens; token++) {
            oneTokenF32(x, weights, y, token, output);
        }
    }

    private static void panelBf16(Tensor x, VectorLinearWeights weights, Tensor y, int numTokens, int output) {
        int token = 0;
        for (; token + 4 <= numTokens && isWhole(weights, output); token += 4) {
            fourTokensBf16(x, weights, y, token, output);
        }
        for (; token < numTokens; token++) {
            oneTokenBf16(x, weights, y, token, output);
        }
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
