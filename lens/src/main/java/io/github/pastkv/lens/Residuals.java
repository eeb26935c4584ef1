package io.github.pastkv.lens;

import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.family.FfnTensors;
import io.github.pastkv.model.family.LayerTensors;
import io.github.pastkv.model.family.NormTensors;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decomposes the residual stream of a run: its states by layer, the contribution of each block, head or neuron, and the
 * contribution of each component to a logit. Weights are as stored, so the weight of the final norm is applied here
 * (TransformerLens folds it into the unembedding by default; the sums are the same).
 *
 * <p>Needs an {@link ActivationCache} with the required activations; errors name missing ones.
 */
public final class Residuals {
    private final Model model;
    private final ModelConfig config;
    private final ActivationCache cache;

    /** The residual stream of a run. */
    public Residuals(Model model, ActivationCache cache) {
        this.model = model;
        this.config = model.config();
        this.cache = cache;
    }

    /**
     * The states of the stream before each layer up to {@code layer} (TransformerLens' {@code accumulated_resid}), and
     * between attention and feed-forward block where asked: what the logit lens reads.
     *
     * @param layer last state; the number of layers for the one behind all
     */
    public ResidualStack accumulated(int layer, boolean withMid) {
        requireLayer(layer);
        List<String> labels = new ArrayList<>();
        List<Tensor> states = new ArrayList<>();
        for (int l = 0; l < layer; l++) {
            labels.add(l + "_pre");
            states.add(cache.get(HookName.of(HookPoint.RESID_PRE, l)));
            if (withMid && !config.parallelResidual()) {
                labels.add(l + "_mid");
                states.add(cache.get(HookName.of(HookPoint.RESID_MID, l)));
            }
        }
        labels.add(layer == config.numLayers() ? "final_post" : layer + "_pre");
        states.add(state(layer));
        return stack(labels, states);
    }

    private Tensor state(int layer) {
        return cache.get(layer == config.numLayers()
                ? HookName.of(HookPoint.RESID_POST, layer - 1)
                : HookName.of(HookPoint.RESID_PRE, layer));
    }

    private void requireLayer(int layer) {
        if (layer < 0 || layer > config.numLayers()) {
            throw new IllegalArgumentException("layer: " + layer + ", the model has " + config.numLayers() + " layers");
        }
    }

    /** What embeddings and the blocks of the layers before {@code layer} added; adds up to the stream before it. */
    public ResidualStack decomposed(int layer) {
        requireLayer(layer);
        requireAdditive();
        List<String> labels = new ArrayList<>();
        List<Tensor> parts = new ArrayList<>();
        addEmbeddings(labels, parts);
        for (int l = 0; l < layer; l++) {
            labels.add(l + "_attn_out");
            parts.add(cache.get(HookName.of(HookPoint.ATTN_OUT, l)));
            labels.add(l + "_mlp_out");
            parts.add(cache.get(HookName.of(HookPoint.MLP_OUT, l)));
        }
        return stack(labels, parts);
    }

    private void addEmbeddings(List<String> labels, List<Tensor> parts) {
        labels.add("embed");
        parts.add(cache.get(HookName.of(HookPoint.EMBED)));
        if (cache.hooks().has(HookName.of(HookPoint.POS_EMBED))) {
            labels.add("pos_embed");
            parts.add(cache.get(HookName.of(HookPoint.POS_EMBED)));
        }
    }

    /** Models that normalize the residual stream itself have no components that add up to it. */
    private void requireAdditive() {
        for (LayerTensors layer : model.tensors().layers()) {
            if (layer.attentionNorms().ofStream() != null || layer.ffnNorms().ofStream() != null) {
                throw new IllegalArgumentException(
                        "model: " + config.architecture() + " normalizes its residual stream, which has no "
                                + "components that add up to it");
            }
        }
    }

    /** What each head of the layers before {@code layer} added, without the biases. */
    public ResidualStack headResults(int layer) {
        requireLayer(layer);
        List<String> labels = new ArrayList<>();
        List<Tensor> parts = new ArrayList<>();
        for (int l = 0; l < layer; l++) {
            requireLinearOut(model.tensors().layers().get(l).attentionNorms().after());
            Tensor z = cache.get(HookName.of(HookPoint.Z, l)); // [B, N, H, D]
            Tensor heads = z.copy().reshape(z.shape(0) * z.shape(1), z.shape(2) * z.shape(3));
            for (int head = 0; head < config.numHeads(); head++) {
                labels.add("L" + l + "H" + head);
                parts.add(projected(l, model.tensors().layers().get(l).attentionOut(), heads, head * config.valueDim(),
                        (head + 1) * config.valueDim()).reshape(z.shape(0), z.shape(1), config.hiddenSize()));
            }
        }
        return stack(labels, parts);
    }

    /** What neurons {@code [from, to)} of one layer's feed-forward block added, without the bias. */
    public ResidualStack neuronResults(int layer, int from, int to) {
        requireLinearOut(model.tensors().layers().get(layer).ffnNorms().after());
        FfnTensors.Dense dense = model.tensors().layers().get(layer).ffn().dense();
        if (dense == null) {
            throw new IllegalArgumentException("layer: " + layer
                    + " has experts; neurons are those of a feed-forward block that every token takes");
        }
        Tensor post = cache.get(HookName.of(HookPoint.MLP_POST, layer)); // [B, N, F]
        Tensor neurons = post.copy().reshape(post.shape(0) * post.shape(1), post.shape(2));
        List<String> labels = new ArrayList<>();
        List<Tensor> parts = new ArrayList<>();
        for (int neuron = from; neuron < to; neuron++) {
            labels.add("L" + layer + "N" + neuron);
            parts.add(projected(layer, dense.down(), neurons, neuron, neuron + 1)
                    .reshape(post.shape(0), post.shape(1), config.hiddenSize()));
        }
        return stack(labels, parts);
    }

    private void requireLinearOut(@Nullable NormTensors after) {
        if (after != null) {
            throw new IllegalArgumentException("model: " + config.architecture()
                    + " normalizes the output of its blocks, so that single heads and neurons have no contribution "
                    + "of their own");
        }
    }

    /**
     * Heads, feed-forward blocks, embeddings, and the biases of the output projections of attention, which belong to no
     * head: adds up to the stream before {@code layer}.
     */
    public ResidualStack fullDecomposition(int layer) {
        requireAdditive();
        ResidualStack heads = headResults(layer);
        List<String> labels = new ArrayList<>(heads.labels());
        List<Tensor> parts = new ArrayList<>();
        for (int i = 0; i < labels.size(); i++) {
            parts.add(heads.get(i));
        }
        for (int l = 0; l < layer; l++) {
            labels.add(l + "_mlp_out");
            parts.add(cache.get(HookName.of(HookPoint.MLP_OUT, l)));
        }
        addEmbeddings(labels, parts);
        labels.add("bias");
        parts.add(attentionBiases(layer, parts.getLast().shape()));
        return stack(labels, parts);
    }

    private Tensor attentionBiases(int layer, long[] shape) {
        Tensor sum = Tensor.zeros(shape);
        float[] biases = new float[config.hiddenSize()];
        for (int l = 0; l < layer; l++) {
            int output = 0;
            for (WeightMatrix part : model.tensors().layers().get(l).attentionOut()) {
                Tensor bias = part.bias();
                for (int i = 0; i < part.numOutputs(); i++, output++) {
                    biases[output] += bias == null ? 0f : config.layer(l).blockScale() * bias.get(i);
                }
            }
        }
        Tensor rows = sum.reshape(shape[0] * shape[1], shape[2]);
        for (int row = 0; row < rows.shape(0); row++) {
            rows.narrow(0, row, row + 1L).copyFrom(Tensor.of(biases, 1, biases.length));
        }
        return sum;
    }

    /**
     * Inputs {@code [from, to)} through a projection of a layer, without its bias, times the layer's factor of what its
     * blocks add; {@code [rows, E]}.
     */
    private Tensor projected(int layer, List<WeightMatrix> projection, Tensor inputs, int from, int to) {
        Tensor x = inputs.narrow(1, from, to); // [rows, inputs]
        Tensor y = Tensor.zeros(inputs.shape(0), config.hiddenSize());
        long first = 0;
        for (WeightMatrix part : projection) {
            Tensor weight = Tensor.of(part.weights(from, to), part.numOutputs(), to - from);
            y.narrow(1, first, first + part.numOutputs()).copyFrom(x.matmul(weight.transpose(0, 1)));
            first += part.numOutputs();
        }
        return y.mul(Tensor.full(config.layer(layer).blockScale(), 1));
    }

    /**
     * The part of each component in the final norm's output: less its mean where the norm takes that off, over the
     * norm's divisor in this run, times the norm's weight. With the norm's bias, parts that add up to the stream add up
     * to the norm's output.
     */
    public ResidualStack normed(ResidualStack stack) {
        return new LogitParts(model, cache).normed(stack);
    }

    /**
     * What each component contributes to the logit of a token, before the final soft cap: its {@linkplain #normed part}
     * of the final norm's output times the token's row of the head and the factor of the logits. {@code [C, B, N]}.
     *
     * @param tokenId the token whose logit is asked about
     */
    public Tensor logitAttribution(ResidualStack stack, int tokenId) {
        return new LogitParts(model, cache).of(stack, tokenId);
    }

    /** The same for the difference of two logits, the usual metric: {@code [C, B, N]}. */
    public Tensor logitAttribution(ResidualStack stack, int tokenId, int wrongTokenId) {
        return new LogitParts(model, cache).ofDifference(stack, tokenId, wrongTokenId);
    }

    private static ResidualStack stack(List<String> labels, List<Tensor> parts) {
        long[] shape = parts.isEmpty() ? new long[] {0, 0, 0} : parts.getFirst().shape();
        Tensor all = Tensor.zeros(parts.size(), shape[0], shape[1], shape[2]);
        for (int i = 0; i < parts.size(); i++) {
            all.narrow(0, i, i + 1L).copyFrom(parts.get(i).unflatten(0, 1, shape[0]));
        }
        return new ResidualStack(labels, all);
    }

    @Override
    public String toString() {
        return "Residuals[" + model + ", " + cache + "]";
    }
}
