package io.github.pastkv.model.config;

import io.github.pastkv.cache.DataType;
import io.github.pastkv.cache.KvShape;
import io.github.pastkv.kernels.Activation;

/**
 * What a model is, apart from its weights: all that the forward pass asks. Families make it from {@code config.json}.
 *
 * @param architecture the family's name in lower case, such as {@code gpt2} or {@code llama}
 * @param sizes sizes that all parts share
 * @param norm the normalisation
 * @param positions how positions are told apart
 * @param attention the attention of each layer
 * @param ffn the feed-forward block of each layer
 * @param tiedHead whether the head is the embedding
 * @param storageType the type the configuration names for the weights (a tensor's own type is what counts)
 * @param tokenIds ids with a meaning
 */
public record ModelConfig(String architecture, ModelSizes sizes, NormConfig norm, Positions positions,
        AttentionConfig attention, FfnConfig ffn, boolean tiedHead, DataType storageType, TokenIds tokenIds) {
    /** Layers, L. */
    public int numLayers() {
        return sizes.numLayers();
    }

    /** Width of the residual stream, E. */
    public int hiddenSize() {
        return sizes.hiddenSize();
    }

    /** Rows of the embedding, V. */
    public int vocabSize() {
        return sizes.vocabSize();
    }

    /** The longest sequence, in tokens. */
    public int maxSeqLen() {
        return sizes.maxSeqLen();
    }

    /** Query heads, H. */
    public int numHeads() {
        return attention.numHeads();
    }

    /** Key/value heads, K. */
    public int numKvHeads() {
        return attention.numKvHeads();
    }

    /** Elements per head, D. */
    public int headDim() {
        return attention.headDim();
    }

    /** Inner width of the feed-forward block, F. */
    public int ffnSize() {
        return ffn.ffnSize();
    }

    /** Nonlinearity of the feed-forward block. */
    public Activation activation() {
        return ffn.activation();
    }

    /** Whether the feed-forward block has a gate. */
    public boolean gatedFfn() {
        return ffn.gated();
    }

    /** The factor of every attention score of {@code layer}. */
    public float attentionScale(int layer) {
        return attention.scale(layer);
    }

    /** What one token keeps in a cache. */
    public KvShape toKvShape() {
        return new KvShape(numLayers(), numKvHeads(), headDim());
    }
}
