package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.load;
import static io.github.pastkv.kernels.vector.Lanes.store;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.github.pastkv.kernels.Activation;
import io.github.pastkv.kernels.RopeTable;
import io.github.pastkv.kernels.ScalarMath;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Work on single numbers of a row: whole vectors first, then what is left one by one with {@link ScalarMath}. */
final class VectorElementwise {
    private VectorElementwise() {}

    static void applyRope(Tensor x, int numHeads, int headDim, RopeTable table, int[] positions, int fromToken,
            int toToken) {
        int half = table.rotaryDim() / 2;
        for (int token = fromToken; token < toToken; token++) {
            MemorySegment row = table.segment(positions[token]);
            long cosines = table.cosByteOffset(positions[token]);
            for (int head = 0; head < numHeads; head++) {
                long start = rowByteOffset(x, token) + 4L * head * headDim;
                if (table.pairDistance() == half) {
                    rotateVectors(x.segment(), start, row, cosines, half);
                    rotateTail(x.segment(), start, row, cosines, half);
                } else {
                    rotateNeighbours(x.segment(), start, row, cosines, half);
                }
            }
        }
    }

    private static void rotateVectors(MemorySegment x, long start, MemorySegment table, long cosines, int half) {
        long toSecond = 4L * half;
        for (long offset = 0; offset < Lanes.wholeBytes(half); offset += BYTES) {
            FloatVector cos = load(table, cosines + offset);
            FloatVector sin = load(table, cosines + toSecond + offset);
            FloatVector first = load(x, start + offset);
            FloatVector second = load(x, start + toSecond + offset);
            store(first.fma(cos, second.mul(sin).neg()), x, start + offset);
            store(second.fma(cos, first.mul(sin)), x, start + toSecond + offset);
        }
    }

    private static void rotateTail(MemorySegment x, long start, MemorySegment table, long cosines, int half) {
        long toSecond = 4L * half;
        for (long offset = Lanes.wholeBytes(half); offset < 4L * half; offset += Float.BYTES) {
            float cos = DataType.F32.read(table, cosines + offset);
            float sin = DataType.F32.read(table, cosines + toSecond + offset);
            float first = DataType.F32.read(x, start + offset);
            float second = DataType.F32.read(x, start + toSecond + offset);
            DataType.F32.write(x, start + offset, Math.fma(first, cos, -(second * sin)));
            DataType.F32.write(x, start + toSecond + offset, Math.fma(second, cos, first * sin));
        }
    }

    /** Interleaved pairs: 2i and 2i + 1. */
    private static void rotateNeighbours(MemorySegment x, long start, MemorySegment table, long cosines, int half) {
        for (int pair = 0; pair < half; pair++) {
            float cos = DataType.F32.read(table, cosines + 4L * pair);
            float sin = DataType.F32.read(table, cosines + 4L * (half + pair));
            long offset = start + 8L * pair;
            float first = DataType.F32.read(x, offset);
            float second = DataType.F32.read(x, offset + Float.BYTES);
            DataType.F32.write(x, offset, Math.fma(first, cos, -(second * sin)));
            DataType.F32.write(x, offset + Float.BYTES, Math.fma(second, cos, first * sin));
        }
    }

    static void activate(Activation activation, Tensor x, int width, int fromToken, int toToken) {
        for (int token = fromToken; token < toToken; token++) {
            activateRow(activation, x.segment(), rowByteOffset(x, token), width);
        }
    }

    static void gatedActivation(Activation activation, Tensor gate, Tensor up, int width, int fromToken, int toToken) {
        for (int token = fromToken; token < toToken; token++) {
            activateRow(activation, gate.segment(), rowByteOffset(gate, token), width);
            multiplyRow(gate.segment(), rowByteOffset(gate, token), up.segment(), rowByteOffset(up, token), width);
        }
    }

    /** One loop for each function: in a loop that chose, the JIT would allocate the vectors that the choice returns. */
    private static void activateRow(Activation activation, MemorySegment x, long start, int width) {
        switch (activation) {
            case SILU -> siluRow(x, start, width);
            case GELU_TANH -> geluTanhRow(x, start, width);
            case GELU -> geluRow(x, start, width);
            case RELU -> reluRow(x, start, width);
            case RELU_SQUARED -> reluSquaredRow(x, start, width);
            case XIELU -> throw new IllegalArgumentException("activation: XIELU has trained parameters; use Xielu");
        }
    }

    private static void siluRow(MemorySegment x, long start, int width) {
        for (long offset = start; offset < start + Lanes.wholeBytes(width); offset += BYTES) {
            VectorMath.silu(load(x, offset)).intoMemorySegment(x, offset, LITTLE_ENDIAN);
        }
        for (long offset = start + Lanes.wholeBytes(width); offset < start + 4L * width; offset += Float.BYTES) {
            DataType.F32.write(x, offset, ScalarMath.silu(DataType.F32.read(x, offset)));
        }
    }

    private static void geluTanhRow(MemorySegment x, long start, int width) {
        for (long offset = start; offset < start + Lanes.wholeBytes(width); offset += BYTES) {
            VectorMath.geluTanh(load(x, offset)).intoMemorySegment(x, offset, LITTLE_ENDIAN);
        }
        for (long offset = start + Lanes.wholeBytes(width); offset < start + 4L * width; offset += Float.BYTES) {
            DataType.F32.write(x, offset, ScalarMath.geluTanh(DataType.F32.read(x, offset)));
        }
    }

    private static void geluRow(MemorySegment x, long start, int width) {
        for (long offset = start; offset < start + Lanes.wholeBytes(width); offset += BYTES) {
            VectorMath.gelu(load(x, offset)).intoMemorySegment(x, offset, LITTLE_ENDIAN);
        }
        for (long offset = start + Lanes.wholeBytes(width); offset < start + 4L * width; offset += Float.BYTES) {
            DataType.F32.write(x, offset, ScalarMath.gelu(DataType.F32.read(x, offset)));
        }
    }

    private static void reluRow(MemorySegment x, long start, int width) {
        for (long offset = start; offset < start + Lanes.wholeBytes(width); offset += BYTES) {
            load(x, offset).max(0f).intoMemorySegment(x, offset, LITTLE_ENDIAN);
        }
        for (long offset = start + Lanes.wholeBytes(width); offset < start + 4L * width; offset += Float.BYTES) {
            DataType.F32.write(x, offset, ScalarMath.relu(DataType.F32.read(x, offset)));
        }
    }

    private static void reluSquaredRow(MemorySegment x, long start, int width) {
        reluRow(x, start, width);
        multiplyRow(x, start, x, start, width);
    }

    static void softCap(float cap, Tensor x, int width, int fromToken, int toToken) {
        for (int token = fromToken; token < toToken; token++) {
            softCapRow(cap, x.segment(), rowByteOffset(x, token), width);
        }
    }

    static void softCapRow(float cap, MemorySegment x, long start, int width) {
        for (long offset = start; offset < start + Lanes.wholeBytes(width); offset += BYTES) {
            VectorMath.softCap(load(x, offset), cap).intoMemorySegment(x, offset, LITTLE_ENDIAN);
        }
        for (long offset = start + Lanes.wholeBytes(width); offset < start + 4L * width; offset += Float.BYTES) {
            DataType.F32.write(x, offset, ScalarMath.softCap(DataType.F32.read(x, offset), cap));
        }
    }

    private static void multiplyRow(MemorySegment x, long xStart, MemorySegment y, long yStart, int width) {
        for (long offset = 0; offset < Lanes.wholeBytes(width); offset += BYTES) {
            store(load(x, xStart + offset).mul(load(y, yStart + offset)), x, xStart + offset);
        }
        for (long offset = Lanes.wholeBytes(width); offset < 4L * width; offset += Float.BYTES) {
            float product = DataType.F32.read(x, xStart + offset) * DataType.F32.read(y, yStart + offset);
            DataType.F32.write(x, xStart + offset, product);
        }
    }

    static void add(Tensor x, Tensor y, int width, int fromToken, int toToken) {
        for (int token = fromToken; token < toToken; token++) {
            addRow(x.segment(), rowByteOffset(x, token), y.segment(), rowByteOffset(y, token), width);
        }
    }

    private static void addRow(MemorySegment x, long xStart, MemorySegment y, long yStart, int width) {
        for (long offset = 0; offset < Lanes.wholeBytes(width); offset += BYTES) {
            store(load(x, xStart + offset).add(load(y, yStart + offset)), x, xStart + offset);
        }
        for (long offset = Lanes.wholeBytes(width); offset < 4L * width; offset += Float.BYTES) {
            float sum = DataType.F32.read(x, xStart + offset) + DataType.F32.read(y, yStart + offset);
            DataType.F32.write(x, xStart + offset, sum);
        }
    }

    private static long rowByteOffset(Tensor tensor, int token) {
        return token * tensor.stride(0) * Float.BYTES;
    }
}
