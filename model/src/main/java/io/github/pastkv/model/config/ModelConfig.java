package io.github.pastkv.model.config;

import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.kernels.Activation;
import io.github.pastkv.tensor.DataType;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of a model, independent of its family: everything that the forward pass needs. A {@code Family}
 * creates it from {@code config.json}.
 *
 * @param architecture the family's name in lower case, such as {@code gpt2} or {@code llama}
 * @param sizes sizes that all parts share
 * @param embedding how a token enters the residual stream
 * @param norm the normalization
 * @param attention the attention of all layers
 * @param ffn the feed-forward block of each layer
 * @param layers what may differ between layers, first to last
 * @param residual how blocks and the residual stream are joined
 * @param head how logits come out
 * @param storageType the type the configuration names for the weights (a tensor's own type is what counts)
 * @param tokenIds ids with a meaning
 */
public record ModelConfig(String architecture, ModelSizes sizes, EmbeddingConfig embedding, NormConfig norm,
        AttentionConfig attention, FfnConfig ffn, List<LayerConfig> layers, Residual residual, HeadConfig head,
        DataType storageType, TokenIds tokenIds) {
    public ModelConfig {
        layers = List.copyOf(layers);
        if (layers.size() != sizes.numLayers()) {
            throw new IllegalArgumentException("layers: " + layers.size() + ", numLayers is " + sizes.numLayers());
        }
        if (layers.stream().map(LayerConfig::experts).filter(Objects::nonNull).distinct().count() > 1) {
            throw new IllegalArgumentException("layers: their experts differ");
        }
        for (int layer = 0; layer < layers.size(); layer++) {
            if (isShortcut(layers.get(layer))
                    && (layer + 1 == layers.size() || layers.get(layer + 1).experts() != null)) {
                throw new IllegalArgumentException(
                        "layers: layer " + layer + " has a shortcut, but no dense layer follows it");
            }
        }
    }

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

    /** The maximum length of a session: {@link #maxSeqLen}, or more if RoPE scaling allows it. */
    public int longestSeqLen() {
        return layers.stream().map(LayerConfig::rotary).filter(Objects::nonNull).map(Objects::requireNonNull)
                .mapToInt(rotary -> rotary.scaling().reach(maxSeqLen())).min().orElse(maxSeqLen());
    }

    /**
     * The default length of a session: {@link #maxSeqLen} or, for LongRoPE, the original context, which has the factors
     * of short texts.
     */
    public int defaultSeqLen() {
        return layers.stream().map(LayerConfig::rotary).filter(Objects::nonNull).map(Objects::requireNonNull)
                .mapToInt(rotary -> rotary.scaling().defaultReach(maxSeqLen())).min().orElse(maxSeqLen());
    }

    /** Whether the frequencies of rotary positions depend on the longest row of a session. */
    public boolean dependsOnLength() {
        return layers.stream().map(LayerConfig::rotary).filter(Objects::nonNull).map(Objects::requireNonNull)
                .anyMatch(rotary -> rotary.scaling().effectiveLength(maxSeqLen()) != 0);
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

    /** Elements of a head's value; D where it is not made from a latent. */
    public int valueDim() {
        return attention.valueDim();
    }

    /** Inner width of the feed-forward block, F. */
    public int ffnSize() {
        return ffn.ffnSize();
    }

    /** The experts of the first layer that has some; null if no layer has. All layers with experts have equal ones. */
    public @Nullable ExpertsConfig experts() {
        return layers.stream().map(LayerConfig::experts).filter(Objects::nonNull).findFirst().orElse(null);
    }

    /** Nonlinearity of the feed-forward block. */
    public Activation activation() {
        return ffn.activation();
    }

    /** Whether the feed-forward block has a gate. */
    public boolean gatedFfn() {
        return ffn.gated();
    }

    /** Whether the head's weight is the embedding. */
    public boolean tiedHead() {
        return head.tied();
    }

    /** The same model where the weights decide whether there is a head of its own. */
    public ModelConfig withTiedHead(boolean isTied) {
        return withHead(head.withTied(isTied));
    }

    public ModelConfig withHead(HeadConfig newHead) {
        return new ModelConfig(architecture, sizes, embedding, norm, attention, ffn, layers, residual, newHead,
                storageType, tokenIds);
    }

    public ModelConfig withLayers(List<LayerConfig> newLayers) {
        return new ModelConfig(architecture, sizes, embedding, norm, attention, ffn, newLayers, residual, head,
                storageType, tokenIds);
    }

    public ModelConfig withNorm(NormConfig newNorm) {
        return new ModelConfig(architecture, sizes, embedding, newNorm, attention, ffn, layers, residual, head,
                storageType, tokenIds);
    }

    public ModelConfig withEmbedding(EmbeddingConfig newEmbedding) {
        return new ModelConfig(architecture, sizes, newEmbedding, norm, attention, ffn, layers, residual, head,
                storageType, tokenIds);
    }

    public ModelConfig withResidual(Residual newResidual) {
        return new ModelConfig(architecture, sizes, embedding, norm, attention, ffn, layers, newResidual, head,
                storageType, tokenIds);
    }

    /** Whether attention and feed-forward block read the same input (parallel residual). */
    public boolean parallelResidual() {
        return residual == Residual.PARALLEL;
    }

    /** The configuration of {@code layer}. */
    public LayerConfig layer(int layer) {
        return layers.get(layer);
    }

    /** Whether experts beside the dense block of the layer before {@code layer} are added in {@code layer}. */
    public boolean endsShortcut(int layer) {
        return layer > 0 && layer < numLayers() && isShortcut(layer(layer - 1));
    }

    private static boolean isShortcut(LayerConfig layer) {
        return layer.experts() != null && layer.experts().shortcut();
    }

    /** The last of the layers up to {@code layer} before which a run can be cut: no shortcut leads past it. */
    public int cutAtOrBefore(int layer) {
        return endsShortcut(layer) ? layer - 1 : layer;
    }

    /** The first of the layers from {@code layer} on before which a run can be cut. */
    public int cutAtOrAfter(int layer) {
        return endsShortcut(layer) ? layer + 1 : layer;
    }

    /** Number of tokens that a query of {@code layer} attends to, including its own; 0 for all. */
    public int window(int layer) {
        return layer(layer).window();
    }

    /** What a query of {@code layer} attends to. */
    public KvWindow attended(int layer) {
        return layer(layer).attended();
    }

    /** Window beyond which the cache of {@code layer} evicts tokens; 0 if it keeps all. */
    public int storedWindow(int layer) {
        return layer(layer).forgets() ? window(layer) : 0;
    }

    /** The shape of one token's keys and values in the cache. */
    public KvShape toKvShape() {
        LatentConfig latent = attention.latent();
        return latent == null
                ? new KvShape(numLayers(), numKvHeads(), headDim())
                : KvShape.latent(numLayers(), latent.latentDim(), latent.rotaryDim());
    }
}
