package io.github.pastkv.model.family;

import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a model, as stored, under PastKV's names. The memory belongs to the source they were read from.
 *
 * @param embedding what a token enters with
 * @param layers from first to last
 * @param finalNorm the norm before the head, or null
 * @param headIn projection {@code [E]} to the width of the head's input, or empty where they are equal
 * @param head projection to {@code [V]}; its weight is that of the embedding itself where the two are tied
 * @param linears every linear weight by its name in the source, as {@code [outputs, inputs]}; a tied head is not
 *     among them, and a fused weight is there once
 * @param names names in the source of all tensors of the model, its linear weights among them
 */
public record ModelTensors(EmbeddingTensors embedding, List<LayerTensors> layers, @Nullable NormTensors finalNorm,
        List<WeightMatrix> headIn, List<WeightMatrix> head, Map<String, WeightMatrix> linears, Set<String> names) {
    public ModelTensors {
        layers = List.copyOf(layers);
        headIn = List.copyOf(headIn);
        head = List.copyOf(head);
        linears = Map.copyOf(linears);
        names = Set.copyOf(names);
    }

    /** Whether the head's weight is the embedding. */
    public boolean isTied() {
        return isEmbedding(head.getFirst());
    }

    /** Trained numbers, a tied head counted once. */
    public long numParameters() {
        Stream<Tensor> own = Stream.of(embedding.positions()).filter(Objects::nonNull)
                .map(Objects::requireNonNull);
        Stream<NormTensors> norms = Stream.concat(Stream.of(embedding.norm(), finalNorm).filter(Objects::nonNull)
                .map(Objects::requireNonNull), layers.stream().flatMap(ModelTensors::norms));
        Stream<WeightMatrix> linears = Stream.concat(
                Stream.of(embedding.projection(), headIn, head).flatMap(List::stream)
                        .filter(part -> !isEmbedding(part)),
                layers.stream().flatMap(ModelTensors::linears));
        return Stream.of(own, norms.flatMap(norm -> count(norm.weight(), norm.bias())),
                layers.stream().flatMap(ModelTensors::scores)).flatMap(tensors -> tensors)
                .mapToLong(Tensor::numElements).sum() + numParameters(embedding.tokens())
                + linears.mapToLong(ModelTensors::numParameters).sum();
    }

    /**
     * Parameters without those of the experts that a token does not take.
     *
     * @param numChosen experts that a token takes in each layer that has experts
     */
    public long numActiveParameters(int numChosen) {
        return numParameters() - layers.stream().map(layer -> layer.ffn().mixture()).filter(Objects::nonNull)
                .map(Objects::requireNonNull).flatMap(mixture -> mixture.experts().stream().skip(numChosen))
                .flatMap(FfnTensors.Dense::linears).mapToLong(ModelTensors::numParameters).sum();
    }

    private static long numParameters(WeightMatrix part) {
        return part.numOutputs() * part.numInputs() + (part.bias() == null ? 0 : part.numOutputs());
    }

    /** A tied head is the very matrix of the embedding, perhaps with a bias. */
    private boolean isEmbedding(WeightMatrix part) {
        return part.withBias(null).equals(embedding.tokens());
    }

    private static Stream<NormTensors> norms(LayerTensors layer) {
        Stream<NormTensors> ofHeads = Stream.of(layer.queryNorm(), layer.keyNorm()).filter(Objects::nonNull)
                .map(Objects::requireNonNull);
        Stream<NormTensors> ofLatents = layer.latent() == null ? Stream.empty() : layer.latent().norms();
        return Stream.of(layer.attentionNorms().stream(), ofHeads, ofLatents, layer.ffnNorms().stream())
                .flatMap(norms -> norms);
    }

    private static Stream<WeightMatrix> linears(LayerTensors layer) {
        Stream<WeightMatrix> ofLatents = layer.latent() == null ? Stream.empty() : layer.latent().linears();
        return Stream.of(layer.qkv().stream(), ofLatents, layer.attentionOut().stream(), layer.ffn().linears())
                .flatMap(parts -> parts);
    }

    /** Scores of attention sinks, and what the choice of experts adds to scores. */
    private static Stream<Tensor> scores(LayerTensors layer) {
        FfnTensors.Experts mixture = layer.ffn().mixture();
        return count(layer.sinkScores(), mixture == null ? null : mixture.correction());
    }

    private static Stream<Tensor> count(@Nullable Tensor first, @Nullable Tensor second) {
        return Stream.of(first, second).filter(Objects::nonNull).map(Objects::requireNonNull);
    }
}
