package io.github.pastkv.model.family;

import io.github.pastkv.kernels.LinearPart;
import java.util.List;

/**
 * The weights of one layer, as stored. Parts of a list read the same input; their outputs follow each other.
 *
 * @param attentionNorm the norm before attention
 * @param qkv projections to queries {@code [H * D]}, keys {@code [K * D]} and values {@code [K * D]}, in this order
 * @param attentionOut projection of the heads {@code [H * D]} to the residual stream {@code [E]}
 * @param ffnNorm the norm before the feed-forward block
 * @param ffnUp projections to gate {@code [F]} (gated blocks only) and up {@code [F]}, in this order
 * @param ffnDown projection {@code [F]} to {@code [E]}
 */
public record LayerTensors(NormTensors attentionNorm, List<LinearPart> qkv, List<LinearPart> attentionOut,
        NormTensors ffnNorm, List<LinearPart> ffnUp, List<LinearPart> ffnDown) {
    public LayerTensors {
        qkv = List.copyOf(qkv);
        attentionOut = List.copyOf(attentionOut);
        ffnUp = List.copyOf(ffnUp);
        ffnDown = List.copyOf(ffnDown);
    }
}
