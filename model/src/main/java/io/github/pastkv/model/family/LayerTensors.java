package io.github.pastkv.model.family;

import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The weights of one layer, as stored. Parts of a list read the same input; their outputs follow each other.
 *
 * @param attentionNorms the norms around attention, {@code [E]}
 * @param qkv projections to queries {@code [H * D]}, keys {@code [K * D]} and values {@code [K * D]}, in this order
 * @param queryNorm norm of the queries, of each head {@code [D]} or {@code [H, D]}, or of all together {@code [H * D]};
 *        or null
 * @param keyNorm norm of the keys, {@code [D]}, {@code [K, D]} or {@code [K * D]}; or null
 * @param sinkScores score of each head's attention sink, {@code [H]}; or null
 * @param attentionOut projection of the heads {@code [H * D]} to the residual stream {@code [E]}
 * @param ffnNorms the norms around the feed-forward block, {@code [E]}
 * @param ffn the feed-forward block
 * @param latent what makes queries, keys and values from latents; null without. Then {@code qkv} gives the latent of
 *        queries or the queries, the latent of keys and values, and the rotary key
 */
public record LayerTensors(BlockNorms<NormTensors> attentionNorms, List<WeightMatrix> qkv,
        @Nullable NormTensors queryNorm, @Nullable NormTensors keyNorm, @Nullable Tensor sinkScores,
        List<WeightMatrix> attentionOut, BlockNorms<NormTensors> ffnNorms, FfnTensors ffn,
        @Nullable LatentTensors latent) {
    /** A layer whose queries, keys and values are projected from the stream. */
    public LayerTensors(BlockNorms<NormTensors> attentionNorms, List<WeightMatrix> qkv, @Nullable NormTensors queryNorm,
            @Nullable NormTensors keyNorm, @Nullable Tensor sinkScores, List<WeightMatrix> attentionOut,
            BlockNorms<NormTensors> ffnNorms, FfnTensors ffn) {
        this(attentionNorms, qkv, queryNorm, keyNorm, sinkScores, attentionOut, ffnNorms, ffn, null);
    }

    /** A layer with one feed-forward block, whose activation has no numbers of its own. */
    public LayerTensors(BlockNorms<NormTensors> attentionNorms, List<WeightMatrix> qkv, @Nullable NormTensors queryNorm,
            @Nullable NormTensors keyNorm, List<WeightMatrix> attentionOut, BlockNorms<NormTensors> ffnNorms,
            List<WeightMatrix> ffnUp, List<WeightMatrix> ffnDown) {
        this(attentionNorms, qkv, queryNorm, keyNorm, null, attentionOut, ffnNorms,
                new FfnTensors.Dense(ffnUp, ffnDown, null));
    }

    public LayerTensors {
        qkv = List.copyOf(qkv);
        attentionOut = List.copyOf(attentionOut);
    }
}
