package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.NormWeights;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The packed weights of latent attention between a layer's first projections and its heads.
 *
 * @param queryNorm norm of the latent of queries, or null
 * @param queryUp that latent to the queries {@code [H * D]}, or null
 * @param latentNorm norm of the latent of keys and values
 * @param absorbing for each head, its query without the rotary part to what meets latents, {@code [R]}: the transpose
 *        of the projection of latents to keys
 * @param values for each head, latents to values
 */
record LatentWeights(@Nullable NormWeights queryNorm, @Nullable LinearWeights queryUp, NormWeights latentNorm,
        List<LinearWeights> absorbing, List<LinearWeights> values) {
    /** Linear layers that run before attention, over all tokens. */
    Stream<LinearWeights> beforeAttention() {
        return Stream.concat(Stream.of(queryUp).filter(Objects::nonNull).map(Objects::requireNonNull),
                absorbing.stream());
    }

    Stream<LinearWeights> linears() {
        return Stream.concat(beforeAttention(), values.stream());
    }
}
