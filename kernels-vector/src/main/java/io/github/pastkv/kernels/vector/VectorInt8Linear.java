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

import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

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
            boolean isWhole = output + PANEL_OUTPUTS <= weights.numOutputs();
            for (; HAS_REGISTERS && isWhole && token + 4 <= numTokens; token += 4) {
                fourTokens(x, weights, y, token, output);
            }
            for (; isWhole && token + 2 <= numTokens; token += 2) {
                twoTokens(x, weights, y, token, output);
            }
            for (; token < numTokens; token++) {
                oneToken(x, weights, y, token, output);
            }
        }
    }

    /** Of a whole panel: writes all of its outputs. */
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
        MemorySegment out = y.segment();
        long first = rowByteOffset(y, token) + 4L * output;
        long rowBytes = rowByteOffset(y, 1);
        FloatVector scaleA = fromMemorySegment(FLOATS, weights.scales(), 4L * output, LITTLE_ENDIAN);
        FloatVector biasA = fromMemorySegment(FLOATS, weights.biases(), 4L * output, LITTLE_ENDIAN);
        sumA0.mul(scaleA).add(biasA).intoMemorySegment(out, first, LITTLE_ENDIAN);
        sumA1.mul(scaleA).add(biasA).intoMemorySegment(out, first + rowBytes, LITTLE_ENDIAN);
        sumA2.mul(scaleA).add(biasA).intoMemorySegment(out, first + 2 * rowBytes, LITTLE_ENDIAN);
        sumA3.mul(scaleA).add(biasA).intoMemorySegment(out, first + 3 * rowBytes, LITTLE_ENDIAN);
        FloatVector scaleB = fromMemorySegment(FLOATS, weights.scales(), 4L * output + BYTES, LITTLE_ENDIAN);
        FloatVector biasB = fromMemorySegment(FLOATS, weights.biases(), 4L * output + BYTES, LITTLE_ENDIAN);
        sumB0.mul(scaleB).add(biasB).intoMemorySegment(out, first + BYTES, LITTLE_ENDIAN);
        sumB1.mul(scaleB).add(biasB).intoMemorySegment(out, first + rowBytes + BYTES, LITTLE_ENDIAN);
        sumB2.mul(scaleB).add(biasB).intoMemorySegment(out, first + 2 * rowBytes + BYTES, LITTLE_ENDIAN);
        sumB3.mul(scaleB).add(biasB).intoMemorySegment(out, first + 3 * rowBytes + BYTES, LITTLE_ENDIAN);
        FloatVector scaleC = fromMemorySegment(FLOATS, weights.scales(), 4L * output + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector biasC = fromMemorySegment(FLOATS, weights.biases(), 4L * output + 2 * BYTES, LITTLE_ENDIAN);
        sumC0.mul(scaleC).add(biasC).intoMemorySegment(out, first + 2 * BYTES, LITTLE_ENDIAN);
        sumC1.mul(scaleC).add(biasC).intoMemorySegment(out, first + rowBytes + 2 * BYTES, LITTLE_ENDIAN);
        sumC2.mul(scaleC).add(biasC).intoMemorySegment(out, first + 2 * rowBytes + 2 * BYTES, LITTLE_ENDIAN);
        sumC3.mul(scaleC).add(biasC).intoMemorySegment(out, first + 3 * rowBytes + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector scaleD = fromMemorySegment(FLOATS, weights.scales(), 4L * output + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector biasD = fromMemorySegment(FLOATS, weights.biases(), 4L * output + 3 * BYTES, LITTLE_ENDIAN);
        sumD0.mul(scaleD).add(biasD).intoMemorySegment(out, first + 3 * BYTES, LITTLE_ENDIAN);
        sumD1.mul(scaleD).add(biasD).intoMemorySegment(out, first + rowBytes + 3 * BYTES, LITTLE_ENDIAN);
        sumD2.mul(scaleD).add(biasD).intoMemorySegment(out, first + 2 * rowBytes + 3 * BYTES, LITTLE_ENDIAN);
        sumD3.mul(scaleD).add(biasD).intoMemorySegment(out, first + 3 * rowBytes + 3 * BYTES, LITTLE_ENDIAN);
    }

    /** Of a whole panel, too. */
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
        MemorySegment out = y.segment();
        long first = rowByteOffset(y, token) + 4L * output;
        long second = first + rowByteOffset(y, 1);
        FloatVector scaleA = fromMemorySegment(FLOATS, weights.scales(), 4L * output, LITTLE_ENDIAN);
        FloatVector biasA = fromMemorySegment(FLOATS, weights.biases(), 4L * output, LITTLE_ENDIAN);
        sumA0.mul(scaleA).add(biasA).intoMemorySegment(out, first, LITTLE_ENDIAN);
        sumA1.mul(scaleA).add(biasA).intoMemorySegment(out, second, LITTLE_ENDIAN);
        FloatVector scaleB = fromMemorySegment(FLOATS, weights.scales(), 4L * output + BYTES, LITTLE_ENDIAN);
        FloatVector biasB = fromMemorySegment(FLOATS, weights.biases(), 4L * output + BYTES, LITTLE_ENDIAN);
        sumB0.mul(scaleB).add(biasB).intoMemorySegment(out, first + BYTES, LITTLE_ENDIAN);
        sumB1.mul(scaleB).add(biasB).intoMemorySegment(out, second + BYTES, LITTLE_ENDIAN);
        FloatVector scaleC = fromMemorySegment(FLOATS, weights.scales(), 4L * output + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector biasC = fromMemorySegment(FLOATS, weights.biases(), 4L * output + 2 * BYTES, LITTLE_ENDIAN);
        sumC0.mul(scaleC).add(biasC).intoMemorySegment(out, first + 2 * BYTES, LITTLE_ENDIAN);
        sumC1.mul(scaleC).add(biasC).intoMemorySegment(out, second + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector scaleD = fromMemorySegment(FLOATS, weights.scales(), 4L * output + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector biasD = fromMemorySegment(FLOATS, weights.biases(), 4L * output + 3 * BYTES, LITTLE_ENDIAN);
        sumD0.mul(scaleD).add(biasD).intoMemorySegment(out, first + 3 * BYTES, LITTLE_ENDIAN);
        sumD1.mul(scaleD).add(biasD).intoMemorySegment(out, second + 3 * BYTES, LITTLE_ENDIAN);
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
        MemorySegment out = y.segment();
        long first = rowByteOffset(y, token) + 4L * output;
        int numLeft = weights.numOutputs() - output;
        FloatVector scaleA = fromMemorySegment(FLOATS, weights.scales(), 4L * output, LITTLE_ENDIAN);
        FloatVector biasA = fromMemorySegment(FLOATS, weights.biases(), 4L * output, LITTLE_ENDIAN);
        VectorMask<Float> maskA = FLOATS.indexInRange(0, numLeft);
        sumA.mul(scaleA).add(biasA).intoMemorySegment(out, first, LITTLE_ENDIAN, maskA);
        FloatVector scaleB = fromMemorySegment(FLOATS, weights.scales(), 4L * output + BYTES, LITTLE_ENDIAN);
        FloatVector biasB = fromMemorySegment(FLOATS, weights.biases(), 4L * output + BYTES, LITTLE_ENDIAN);
        VectorMask<Float> maskB = FLOATS.indexInRange(COUNT, numLeft);
        sumB.mul(scaleB).add(biasB).intoMemorySegment(out, first + BYTES, LITTLE_ENDIAN, maskB);
        FloatVector scaleC = fromMemorySegment(FLOATS, weights.scales(), 4L * output + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector biasC = fromMemorySegment(FLOATS, weights.biases(), 4L * output + 2 * BYTES, LITTLE_ENDIAN);
        VectorMask<Float> maskC = FLOATS.indexInRange(2 * COUNT, numLeft);
        sumC.mul(scaleC).add(biasC).intoMemorySegment(out, first + 2 * BYTES, LITTLE_ENDIAN, maskC);
        FloatVector scaleD = fromMemorySegment(FLOATS, weights.scales(), 4L * output + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector biasD = fromMemorySegment(FLOATS, weights.biases(), 4L * output + 3 * BYTES, LITTLE_ENDIAN);
        VectorMask<Float> maskD = FLOATS.indexInRange(3 * COUNT, numLeft);
        sumD.mul(scaleD).add(biasD).intoMemorySegment(out, first + 3 * BYTES, LITTLE_ENDIAN, maskD);
    }

    private static long rowByteOffset(Tensor tensor, int token) {
        return token * tensor.stride(0) * Float.BYTES;
    }
}
