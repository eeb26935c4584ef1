package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.load;
import static io.github.pastkv.kernels.vector.Lanes.store;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.github.pastkv.kernels.Activation;
import io.github.pastkv.kernels.ScalarMath;
import io.github.pastkv.kernels.Xielu;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/** Work on single numbers of a row: whole vectors first, then what is left one by one with {@link ScalarMath}. */
final class VectorElementwise {
    private VectorElementwise() {}

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

    static void xielu(Xielu xielu, Tensor x, int width, int fromToken, int toToken) {
        for (int token = fromToken; token < toToken; token++) {
            xieluRow(xielu, x.segment(), rowByteOffset(x, token), width);
        }
    }

    private static void xieluRow(Xielu xielu, MemorySegment x, long start, int width) {
        for (long offset = start; offset < start + Lanes.wholeBytes(width); offset += BYTES) {
            VectorMath.xielu(load(x, offset), xielu).intoMemorySegment(x, offset, LITTLE_ENDIAN);
        }
        for (long offset = start + Lanes.wholeBytes(width); offset < start + 4L * width; offset += Float.BYTES) {
            DataType.F32.write(x, offset, xielu.of(DataType.F32.read(x, offset)));
        }
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

    static long rowByteOffset(Tensor tensor, int token) {
        return token * tensor.stride(0) * Float.BYTES;
    }
}
