package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.NormWeights;

/**
 * One layer, packed for the kernels in use.
 *
 * @param attentionNorm norm before attention
 * @param qkv {@code [E]} to queries, keys and values, {@code [(H + 2K) * D]}
 * @param attentionOut {@code [H * D]} to {@code [E]}
 * @param ffnNorm norm before the feed-forward block
 * @param ffnUp {@code [E]} to {@code [F]}, or to gate and up, {@code [2F]}
 * @param ffnDown {@code [F]} to {@code [E]}
 */
record LayerWeights(NormWeights attentionNorm, LinearWeights qkv, LinearWeights attentionOut, NormWeights ffnNorm,
        LinearWeights ffnUp, LinearWeights ffnDown) {
    long packedBytes() {
        return qkv.packedBytes() + attentionOut.packedBytes() + ffnUp.packedBytes() + ffnDown.packedBytes();
    }
}
