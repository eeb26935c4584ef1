package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.LinearPacker;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.family.ModelTensors;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Objects;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All weights of a model as the forward pass reads them: linear layers packed, norms in F32, embeddings straight from
 * the mapped files.
 *
 * @param embedding what a token enters with
 * @param layers from first to last
 * @param finalNorm the norm before the head, or null
 * @param headIn {@code [E]} to the width of the head's input, or null where they are equal
 * @param head to {@code [V]}
 */
public record ModelWeights(EmbeddingWeights embedding, List<LayerWeights> layers, @Nullable NormWeights finalNorm,
        @Nullable LinearWeights headIn, LinearWeights head) {
    /** Packs {@code tensors} into memory of {@code arena}. */
    public static ModelWeights pack(ModelConfig config, ModelTensors tensors, LinearPacker packer, Arena arena) {
        return new WeightsPacker(config, packer, arena).pack(tensors);
    }

    /** Bytes of the packed linear layers. */
    public long packedBytes() {
        return bytes(LayerWeights::packedBytes);
    }

    /** Bytes of the linear layers that a step of {@code numTokens} reads at most: of experts, the chosen ones. */
    public long bytesRead(long numTokens) {
        return bytes(layer -> layer.bytesRead(numTokens));
    }

    private long bytes(ToLongFunction<LayerWeights> ofLayer) {
        long around = Stream.of(embedding.projection(), headIn, head).filter(Objects::nonNull)
                .map(Objects::requireNonNull).mapToLong(LinearWeights::packedBytes).sum();
        return layers.stream().mapToLong(ofLayer).sum() + around;
    }

    /**
     * Multiply-adds of all linear layers for {@code numTokens} tokens, of which {@code numLogits} need logits; only
     * those run through the whole last layer.
     */
    public long multiplyAdds(long numTokens, long numLogits) {
        long perToken = layers.stream().mapToLong(LayerWeights::multiplyAdds).sum();
        LayerWeights last = layers.getLast();
        long unread = (numTokens - numLogits) * (last.multiplyAdds() - last.multiplyAddsBeforeAttention());
        return numTokens * perToken - unread + numLogits * head.numWeights();
    }
}
