package io.github.pastkv.model.family;

import io.github.pastkv.cache.Tensor;
import io.github.pastkv.kernels.LinearPart;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a model, as stored and under names of ours. The memory belongs to the checkpoint they were read from.
 *
 * @param embedding {@code [V, E]}
 * @param positionEmbedding {@code [maxSeqLen, E]}, or null if positions are not learned
 * @param layers from first to last
 * @param finalNorm the norm before the head
 * @param head projection {@code [E]} to {@code [V]}; its weight is {@code embedding} itself where the two are tied
 */
public record ModelTensors(Tensor embedding, @Nullable Tensor positionEmbedding, List<LayerTensors> layers,
        NormTensors finalNorm, List<LinearPart> head) {
    public ModelTensors {
        layers = List.copyOf(layers);
        head = List.copyOf(head);
    }

    /** Trained numbers, a tied head counted once. */
    public long numParameters() {
        Stream<Tensor> own = Stream.concat(count(embedding, positionEmbedding), count(finalNorm));
        Stream<Tensor> heads = head.stream().filter(part -> part.weight() != embedding).flatMap(ModelTensors::count);
        Stream<Tensor> inLayers = layers.stream().flatMap(ModelTensors::count);
        return Stream.of(own, heads, inLayers).flatMap(tensors -> tensors).mapToLong(Tensor::numElements).sum();
    }

    private static Stream<Tensor> count(LayerTensors layer) {
        Stream<Tensor> norms = Stream.concat(count(layer.attentionNorm()), count(layer.ffnNorm()));
        Stream<Tensor> linears = Stream.of(layer.qkv(), layer.attentionOut(), layer.ffnUp(), layer.ffnDown())
                .flatMap(List::stream).flatMap(ModelTensors::count);
        return Stream.concat(norms, linears);
    }

    private static Stream<Tensor> count(NormTensors norm) {
        return count(norm.weight(), norm.bias());
    }

    private static Stream<Tensor> count(LinearPart part) {
        return count(part.weight(), part.bias());
    }

    private static Stream<Tensor> count(Tensor first, @Nullable Tensor second) {
        return second == null ? Stream.of(first) : Stream.of(first, second);
    }
}
