package io.github.pastkv.kernels;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link Kernels#normalize} in three steps, so that hooks can run between them: mean and divisor of each row, division,
 * weight and bias. Together they give the bits of the whole, as each number goes through the same operations in the
 * same order. Written to be read; used only if an intermediate result is hooked.
 */
public final class NormStages {
    private NormStages() {}

    /**
     * First step.
     *
     * @param x {@code [T, E]}, rows contiguous
     * @param means {@code [T, 1]}; zeros for norms that do not subtract the mean
     * @param scales {@code [T, 1]}, sqrt(mean square + epsilon)
     */
    public static void scales(NormWeights norm, Tensor x, Tensor means, Tensor scales, int fromToken, int toToken) {
        int width = norm.hiddenSize();
        for (int token = fromToken; token < toToken; token++) {
            float mean = norm.kind() == NormWeights.Kind.RMS ? 0f : ScalarKernels.rowSum(x, token, width) / width;
            float meanOfSquares = ScalarKernels.squaresSum(x, token, width, mean) / width;
            set(means, token, 0, mean);
            set(scales, token, 0, ScalarMath.sqrt(meanOfSquares + norm.epsilon()));
        }
    }

    /** Second step: normalized = (x - mean) * (1 / scale). */
    public static void divide(Tensor x, Tensor means, Tensor scales, Tensor normalized, int fromToken, int toToken) {
        for (int token = fromToken; token < toToken; token++) {
            float mean = get(means, token, 0);
            float inverse = 1f / get(scales, token, 0);
            for (int i = 0; i < x.shape(1); i++) {
                set(normalized, token, i, (get(x, token, i) - mean) * inverse);
            }
        }
    }

    /** Third step: y = normalized * weight, or that plus bias in one rounding. */
    public static void affine(NormWeights norm, Tensor normalized, Tensor y, int fromToken, int toToken) {
        Tensor bias = norm.bias();
        for (int token = fromToken; token < toToken; token++) {
            for (int i = 0; i < norm.hiddenSize(); i++) {
                set(y, token, i, weighted(get(normalized, token, i), norm.weight(), bias, i));
            }
        }
    }

    private static float weighted(float number, Tensor weight, @Nullable Tensor bias, int i) {
        float factor = DataType.F32.read(weight.segment(), 4L * i);
        return bias == null ? number * factor : Math.fma(number, factor, DataType.F32.read(bias.segment(), 4L * i));
    }

    private static float get(Tensor x, int token, int column) {
        return DataType.F32.read(x.segment(), (token * x.stride(0) + column) * Float.BYTES);
    }

    private static void set(Tensor x, int token, int column, float number) {
        DataType.F32.write(x.segment(), (token * x.stride(0) + column) * Float.BYTES, number);
    }
}
