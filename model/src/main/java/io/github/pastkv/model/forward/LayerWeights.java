package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.kernels.Xielu;
import io.github.pastkv.model.family.BlockNorms;
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
 * @param ffnUp {@code [E]} to {@code [F]}, or to gate and up, {@code [2F]}
 * @param ffnDown {@code [F]} to {@code [E]}
 * @param xielu the activation where it has trained numbers, or null
 */
record LayerWeights(BlockNorms<NormWeights> attentionNorms, LinearWeights qkv, @Nullable HeadNormWeights queryNorm,
        @Nullable HeadNormWeights keyNorm, LinearWeights attentionOut, BlockNorms<NormWeights> ffnNorms,
        LinearWeights ffnUp, LinearWeights ffnDown, @Nullable Xielu xielu) {
    long packedBytes() {
        return qkv.packedBytes() + attentionOut.packedBytes() + ffnUp.packedBytes() + ffnDown.packedBytes();
    }

    /** Multiply-adds that a token takes in the layer's linear layers: their weights. */
    long multiplyAdds() {
        return qkv.numWeights() + attentionOut.numWeights() + ffnUp.numWeights() + ffnDown.numWeights();
    }
}
