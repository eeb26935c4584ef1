package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.model.family.BlockNorms;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One layer, packed for the kernels in use.
 *
 * @param attentionNorms norms around attention
 * @param qkv {@code [E]} to queries, keys and values, {@code [(H + 2K) * D]}
 * @param queryNorm norms of the query heads, or null
 * @param keyNorm norms of the key heads, or null
 * @param attentionOut {@code [H * D]} to {@code [E]}
 * @param ffnNorms norms around the feed-forward block
 * @param ffn the feed-forward block
 * @param latent weights of latent attention, or null
 */
record LayerWeights(BlockNorms<NormWeights> attentionNorms, LinearWeights qkv, @Nullable HeadNormWeights queryNorm,
        @Nullable HeadNormWeights keyNorm, LinearWeights attentionOut, BlockNorms<NormWeights> ffnNorms,
        FfnWeights ffn, @Nullable LatentWeights latent) {
    /** Bytes of all linear layers. */
    long packedBytes() {
        return alwaysRead(LinearWeights::packedBytes) + ffn.numExperts() * ofExpert(LinearWeights::packedBytes);
    }

    /** Bytes of the linear layers that {@code numTokens} tokens read at most, as each may take other experts. */
    long bytesRead(long numTokens) {
        long numExperts = Math.min(ffn.numExperts(), numTokens * ffn.numChosen());
        return alwaysRead(LinearWeights::packedBytes) + numExperts * ofExpert(LinearWeights::packedBytes);
    }

    /** Multiply-adds that a token takes in the layer's linear layers: their weights, of chosen experts only. */
    long multiplyAdds() {
        return alwaysRead(LinearWeights::numWeights) + ffn.numChosen() * ofExpert(LinearWeights::numWeights);
    }

    /** Multiply-adds that a token takes before attention, whether its logits are asked for or not. */
    long multiplyAddsBeforeAttention() {
        return Stream.concat(Stream.of(qkv), latent == null ? Stream.empty() : latent.beforeAttention())
                .mapToLong(LinearWeights::numWeights).sum();
    }

    private long alwaysRead(ToLongFunction<LinearWeights> size) {
        Stream<LinearWeights> ofLatents = latent == null ? Stream.empty() : latent.linears();
        return Stream.of(Stream.of(qkv, attentionOut), ofLatents, ffn.alwaysRead()).flatMap(layers -> layers)
                .mapToLong(size).sum();
    }

    private long ofExpert(ToLongFunction<LinearWeights> size) {
        return ffn.ofExpert().mapToLong(size).sum();
    }
}
