package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.COUNT;
import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static io.github.pastkv.kernels.vector.Lanes.INT;
import static io.github.pastkv.kernels.vector.Lanes.INTS;
import static io.github.pastkv.kernels.vector.VectorInt8Weights.PANEL_OUTPUTS;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.zero;
import static jdk.incubator.vector.IntVector.broadcast;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import io.github.pastkv.cache.Tensor;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Linear layers over panels of one-byte integers: the chains of {@link VectorLinear} over the integers as floats, which
 * are exact, then the scale. A panel is four vectors of outputs wide, and two tokens pass through it together,
 * four where there are registers: the unpacking is shared. The bodies are written for the JIT, see {@link VectorLinear}.
 */
final class VectorInt8Linear {
    /** Vectors of 512 bits come with 32 registers, room for the sums of four tokens. */
    private static final boolean HAS_REGISTERS = COUNT == 16;

    private VectorInt8Linear() {}

    static void linear(Tensor x, VectorInt8Weights weights, Tensor y, int numTokens, int fromOutput, int toOutput) {
        for (int output = fromOutput; output < toOutput; output += PANEL_OUTPUTS) {
            int token = 0;
            for (; HAS_REGISTERS && token + 4 <= numTokens; token += 4) {
                fourTokens(x, weights, y, token, output);
            }
            for (; token + 2 <= numTokens; token += 2) {
                twoTokens(x, weights, y, token, output);
            }
            if (token < numTokens) {
                oneToken(x, weights, y, token, output);
            }
        }
    }

    private static void fourTokens(Tensor x, VectorInt8Weights weights, Tensor y, int token, int output) {
        MemorySegment in = x.segment();
        long in0 = rowByteOffset(x, token);
        long inBytes = rowByteOffset(x, 1);
        MemorySegment panel = weights.panels();
        long panelStart = weights.panelByteOffset(output);
        FloatVector sumA0 = zero(FLOATS);
        FloatVector sumB0 = zero(FLOATS);
        FloatVector sumC0 = zero(FLOATS);
        FloatVector sumD0 = zero(FLOATS);
        FloatVector sumA1 = zero(FLOATS);
        FloatVector sumB1 = zero(FLOATS);
        FloatVector sumC1 = zero(FLOATS);
        FloatVector sumD1 = zero(FLOATS);
        FloatVector sumA2 = zero(FLOATS);
        FloatVector sumB2 = zero(FLOATS);
        FloatVector sumC2 = zero(FLOATS);
        FloatVector sumD2 = zero(FLOATS);
        FloatVector sumA3 = zero(FLOATS);
        FloatVector sumB3 = zero(FLOATS);
        FloatVector sumC3 = zero(FLOATS);
        FloatVector sumD3 = zero(FLOATS);
        for (int input = 0; input < weights.numInputs(); input++) {
            IntVector four = IntVector.fromMemorySegment(INTS, panel, panelStart + BYTES * input, LITTLE_ENDIAN);
            long at = in0 + 4L * input;
            FloatVector x0 = broadcast(INTS, in.get(INT, at)).reinterpretAsFloats();
            FloatVector x1 = broadcast(INTS, in.get(INT, at + inBytes)).reinterpretAsFloats();
            FloatVector x2 = broadcast(INTS, in.get(INT, at + 2 * inBytes)).reinterpretAsFloats();
            FloatVector x3 = broadcast(INTS, in.get(INT, at + 3 * inBytes)).reinterpretAsFloats();
            FloatVector a = (FloatVector) four.lanewise(LSHL, 24).lanewise(ASHR, 24).convert(I2F, 0);
            sumA0 = a.fma(x0, sumA0);
            sumA1 = a.fma(x1, sumA1);
            sumA2 = a.fma(x2, sumA2);
            sumA3 = a.fma(x3, sumA3);
            FloatVector b = (FloatVector) four.lanewise(LSHL, 16).lanewise(ASHR, 24).convert(I2F, 0);
            sumB0 = b.fma(x0, sumB0);
            sumB1 = b.fma(x1, sumB1);
            sumB2 = b.fma(x2, sumB2);
            sumB3 = b.fma(x3, sumB3);
            FloatVector c = (FloatVector) four.lanewise(LSHL, 8).lanewise(ASHR, 24).convert(I2F, 0);
            sumC0 = c.fma(x0, sumC0);
            sumC1 = c.fma(x1, sumC1);
            sumC2 = c.fma(x2, sumC2);
            sumC3 = c.fma(x3, sumC3);
            FloatVector d = (FloatVector) four.lanewise(ASHR, 24).convert(I2F, 0);
            sumD0 = d.fma(x0, sumD0);
            sumD1 = d.fma(x1, sumD1);
            sumD2 = d.fma(x2, sumD2);
            sumD3 = d.fma(x3, sumD3);
        }
        store(sumA0, weights, y, token, output);
        store(sumB0, weights, y, token, output + COUNT);
        store(sumC0, weights, y, token, output + 2 * COUNT);
        store(sumD0, weights, y, token, output + 3 * COUNT);
        store(sumA1, weights, y, token + 1, output);
        store(sumB1, weights, y, token + 1, output + COUNT);
        store(sumC1, weights, y, token + 1, output + 2 * COUNT);
        store(sumD1, weights, y, token + 1, output + 3 * COUNT);
        store(sumA2, weights, y, token + 2, output);
        store(sumB2, weights, y, token + 2, output + COUNT);
        store(sumC2, weights, y, token + 2, output + 2 * COUNT);
        store(sumD2, weights, y, token + 2, output + 3 * COUNT);
        store(sumA3, weights, y, token + 3, output);
        store(sumB3, weights, y, token + 3, output + COUNT);
        store(sumC3, weights, y, token + 3, output + 2 * COUNT);
        store(sumD3, weights, y, token + 3, output + 3 * COUNT);
    }

    private static void twoTokens(Tensor x, VectorInt8Weights weights, Tensor y, int token, int output) {
        MemorySegment in = x.segment();
        long in0 = rowByteOffset(x, token);
        long in1 = rowByteOffset(x, token + 1);
        MemorySegment panel = weights.panels();
        long panelStart = weights.panelByteOffset(output);
        FloatVector sumA0 = zero(FLOATS);
        FloatVector sumB0 = zero(FLOATS);
        FloatVector sumC0 = zero(FLOATS);
        FloatVector sumD0 = zero(FLOATS);
        FloatVector sumA1 = zero(FLOATS);
        FloatVector sumB1 = zero(FLOATS);
        FloatVector sumC1 = zero(FLOATS);
        FloatVector sumD1 = zero(FLOATS);
        for (int input = 0; input < weights.numInputs(); input++) {
            IntVector four = IntVector.fromMemorySegment(INTS, panel, panelStart + BYTES * input, LITTLE_ENDIAN);
            FloatVector x0 = broadcast(INTS, in.get(INT, in0 + 4L * input)).reinterpretAsFloats();
            FloatVector x1 = broadcast(INTS, in.get(INT, in1 + 4L * input)).reinterpretAsFloats();
            FloatVector a = (FloatVector) four.lanewise(LSHL, 24).lanewise(ASHR, 24).convert(I2F, 0);
            sumA0 = a.fma(x0, sumA0);
            sumA1 = a.fma(x1, sumA1);
            FloatVector b = (FloatVector) four.lanewise(LSHL, 16).lanewise(ASHR, 24).convert(I2F, 0);
            sumB0 = b.fma(x0, sumB0);
            sumB1 = b.fma(x1, sumB1);
            FloatVector c = (FloatVector) four.lanewise(LSHL, 8).lanewise(ASHR, 24).convert(I2F, 0);
            sumC0 = c.fma(x0, sumC0);
            sumC1 = c.fma(x1, sumC1);
            FloatVector d = (FloatVector) four.lanewise(ASHR, 24).convert(I2F, 0);
            sumD0 = d.fma(x0, sumD0);
            sumD1 = d.fma(x1, sumD1);
        }
        store(sumA0, weights, y, token, output);
        store(sumB0, weights, y, token, output + COUNT);
        store(sumC0, weights, y, token, output + 2 * COUNT);
        store(sumD0, weights, y, token, output + 3 * COUNT);
        store(sumA1, weights, y, token + 1, output);
        store(sumB1, weights, y, token + 1, output + COUNT);
        store(sumC1, weights, y, token + 1, output + 2 * COUNT);
        store(sumD1, weights, y, token + 1, output + 3 * COUNT);
    }

    private static void oneToken(Tensor x, VectorInt8Weights weights, Tensor y, int token, int output) {
        MemorySegment in = x.segment();
        long in0 = rowByteOffset(x, token);
        MemorySegment panel = weights.panels();
        long panelStart = weights.panelByteOffset(output);
        FloatVector sumA = zero(FLOATS);
        FloatVector sumB = zero(FLOATS);
        FloatVector sumC = zero(FLOATS);
        FloatVector sumD = zero(FLOATS);
        for (int input = 0; input < weights.numInputs(); input++) {
            IntVector four = IntVector.fromMemorySegment(INTS, panel, panelStart + BYTES * input, LITTLE_ENDIAN);
            FloatVector x0 = broadcast(INTS, in.get(INT, in0 + 4L * input)).reinterpretAsFloats();
            FloatVector a = (FloatVector) four.lanewise(LSHL, 24).lanewise(ASHR, 24).convert(I2F, 0);
            sumA = a.fma(x0, sumA);
            FloatVector b = (FloatVector) four.lanewise(LSHL, 16).lanewise(ASHR, 24).convert(I2F, 0);
            sumB = b.fma(x0, sumB);
            FloatVector c = (FloatVector) four.lanewise(LSHL, 8).lanewise(ASHR, 24).convert(I2F, 0);
            sumC = c.fma(x0, sumC);
            FloatVector d = (FloatVector) four.lanewise(ASHR, 24).convert(I2F, 0);
            sumD = d.fma(x0, sumD);
        }
        store(sumA, weights, y, token, output);
        store(sumB, weights, y, token, output + COUNT);
        store(sumC, weights, y, token, output + 2 * COUNT);
        store(sumD, weights, y, token, output + 3 * COUNT);
    }

    private static void store(FloatVector sum, VectorInt8Weights weights, Tensor y, int token, int output) {
        FloatVector scale = fromMemorySegment(FLOATS, weights.scales(), 4L * output, LITTLE_ENDIAN);
        FloatVector bias = fromMemorySegment(FLOATS, weights.biases(), 4L * output, LITTLE_ENDIAN);
        FloatVector result = sum.mul(scale).add(bias);
        long offset = rowByteOffset(y, token) + 4L * output;
        int numLeft = weights.numOutputs() - output;
        if (numLeft >= COUNT) {
            result.intoMemorySegment(y.segment(), offset, LITTLE_ENDIAN);
        } else if (numLeft > 0) {
            result.intoMemorySegment(y.segment(), offset, LITTLE_ENDIAN, FLOATS.indexInRange(0, numLeft));
        }
    }

    private static long rowByteOffset(Tensor tensor, int token) {
        return token * tensor.stride(0) * Float.BYTES;
    }
}
