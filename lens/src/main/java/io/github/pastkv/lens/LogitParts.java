package io.github.pastkv.lens;

import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.family.NormTensors;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;

/** Takes components of the residual stream through the final norm and the head; for {@link Residuals}. */
final class LogitParts {
    private final Model model;
    private final ModelConfig config;
    private final ActivationCache cache;

    LogitParts(Model model, ActivationCache cache) {
        this.model = model;
        this.config = model.config();
        this.cache = cache;
    }

    /** Contributions to the logit of a token, {@code [C, B, N]}. */
    Tensor of(ResidualStack stack, int tokenId) {
        return along(head(tokenId), normed(stack));
    }

    /** Contributions to the difference of two logits, {@code [C, B, N]}. */
    Tensor ofDifference(ResidualStack stack, int tokenId, int wrongTokenId) {
        float[] direction = head(tokenId);
        float[] wrong = head(wrongTokenId);
        for (int i = 0; i < direction.length; i++) {
            direction[i] -= wrong[i];
        }
        return along(direction, normed(stack));
    }

    /** The part of each component in the final norm's output. */
    ResidualStack normed(ResidualStack stack) {
        Tensor scale = cache.get(HookName.of(HookPoint.LN_FINAL_SCALE)); // [B, N, 1]
        NormTensors norm = model.tensors().finalNorm();
        if (norm == null) {
            return stack;
        }
        float[] scales = scale.toFloatArray();
        Tensor weight = norm.weight();
        float[] numbers = stack.components().toFloatArray();
        int width = config.hiddenSize();
        boolean centers = config.norm().kind() == NormWeights.Kind.LAYER;
        for (int start = 0; start < numbers.length; start += width) {
            double mean = 0;
            for (int i = 0; centers && i < width; i++) {
                mean += numbers[start + i] / (double) width;
            }
            float divisor = scales[start / width % scales.length];
            for (int i = 0; i < width; i++) {
                float factor = weight == null ? 1f : weight.get(i) + config.norm().weightOffset();
                numbers[start + i] = (float) ((numbers[start + i] - mean) / divisor * factor);
            }
        }
        return new ResidualStack(stack.labels(), Tensor.of(numbers, stack.components().shape()));
    }

    private float[] head(int tokenId) {
        if (tokenId < 0 || tokenId >= config.vocabSize()) {
            throw new IllegalArgumentException("tokenId: " + tokenId + ", the vocabulary has " + config.vocabSize());
        }
        long row = tokenId;
        for (WeightMatrix part : model.tensors().head()) {
            if (row < part.numOutputs()) {
                return scaled(part.outputs(row, row + 1).weights());
            }
            row -= part.numOutputs();
        }
        throw new IllegalStateException("the head has no row " + tokenId);
    }

    private float[] scaled(float[] row) {
        for (int i = 0; i < row.length; i++) {
            row[i] *= config.head().logitScale();
        }
        return row;
    }

    private static Tensor along(float[] direction, ResidualStack normed) {
        Tensor parts = normed.components(); // [C, B, N, E]
        return parts.matmul(Tensor.of(direction, direction.length, 1))
                .reshape(parts.shape(0), parts.shape(1), parts.shape(2));
    }
}
