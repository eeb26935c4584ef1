package io.github.pastkv.model.family;

import io.github.pastkv.kernels.weights.WeightMatrix;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a layer with latent attention has between its first projections and its heads, as stored.
 *
 * @param queryNorm norm of the latent of queries, or null where queries are projected from the stream
 * @param queryUp projection of that latent to the queries {@code [H * D]}, or null
 * @param latentNorm norm of the latent of keys and values, {@code [R]}
 * @param keysValues projection of that latent, for each head its keys without the rotary part, then its values
 */
public record LatentTensors(@Nullable NormTensors queryNorm, @Nullable WeightMatrix queryUp, NormTensors latentNorm,
        WeightMatrix keysValues) {
    Stream<NormTensors> norms() {
        return Stream.of(queryNorm, latentNorm).filter(Objects::nonNull).map(Objects::requireNonNull);
    }

    Stream<WeightMatrix> linears() {
        return queryUp == null ? Stream.of(keysValues) : Stream.of(queryUp, keysValues);
    }
}
