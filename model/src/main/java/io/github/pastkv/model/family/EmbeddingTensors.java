package io.github.pastkv.model.family;

import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The weights of the embedding, as stored.
 *
 * @param tokens {@code [V, width]}
 * @param positions {@code [rows, E]}, or null if positions are not learned
 * @param projection {@code [width]} to {@code [E]}, or empty where the two are equal
 * @param norm norm of the result {@code [E]}, or null
 */
public record EmbeddingTensors(WeightMatrix tokens, @Nullable Tensor positions, List<WeightMatrix> projection,
        @Nullable NormTensors norm) {
    public EmbeddingTensors {
        projection = List.copyOf(projection);
    }

    /** Embeddings of width E. */
    public static EmbeddingTensors plain(WeightMatrix tokens, @Nullable Tensor positions) {
        return new EmbeddingTensors(tokens, positions, List.of(), null);
    }
}
