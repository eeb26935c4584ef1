package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.load;
import static io.github.pastkv.kernels.vector.Lanes.store;

import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.kernels.ScalarMath;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Normalization of rows: sums in virtual lanes, then one pass that scales. */
final class VectorNorm {
    private VectorNorm() {}

    static void normalize(NormWeights norm, Tensor x, Tensor y, int fromToken, int toToken) {
        int width = norm.hiddenSize();
        for (int token = fromToken; token < toToken; token++) {
            long start = token * x.stride(0) * Float.BYTES;
            float mean = norm.kind() == NormWeights.Kind.RMS ? 0f : VectorSums.sum(x.segment(), start, width) / width;
            float meanOfSquares = VectorSums.squares(x.segment(), start, width, mean) / width;
            float inverse = 1f / ScalarMath.sqrt(meanOfSquares + norm.epsilon());
            scaleVectors(norm, x, y, token, mean, inverse);
            scaleTail(norm, x, y, token, mean, inverse);
        }
    }

    private static void scaleVectors(NormWeights norm, Tensor x, Tensor y, int token, float mean, float inverse) {
        MemorySegment weight = norm.weight().segment();
        Tensor bias = norm.bias();
        long in = token * x.stride(0) * Float.BYTES;
        long out = token * y.stride(0) * Float.BYTES;
        for (long offset = 0; offset < Lanes.wholeBytes(norm.hiddenSize()); offset += BYTES) {
            FloatVector scaled = load(x.segment(), in + offset).sub(mean).mul(inverse);
            if (bias == null) {
                store(scaled.mul(load(weight, offset)), y.segment(), out + offset);
            } else {
                store(scaled.fma(load(weight, offset), load(bias.segment(), offset)), y.segment(), out + offset);
            }
        }
    }

    private static void scaleTail(NormWeights norm, Tensor x, Tensor y, int token, float mean, float inverse) {
        MemorySegment weight = norm.weight().segment();
        Tensor bias = norm.bias();
        long in = token * x.stride(0) * Float.BYTES;
        long out = token * y.stride(0) * Float.BYTES;
        for (long offset = Lanes.wholeBytes(norm.hiddenSize()); offset < 4L * norm.hiddenSize();
                offset += Float.BYTES) {
            float scaled = (DataType.F32.read(x.segment(), in + offset) - mean) * inverse;
            float factor = DataType.F32.read(weight, offset);
            float result = bias == null
                    ? scaled * factor
                    : Math.fma(scaled, factor, DataType.F32.read(bias.segment(), offset));
            DataType.F32.write(y.segment(), out + offset, result);
        }
    }
}
