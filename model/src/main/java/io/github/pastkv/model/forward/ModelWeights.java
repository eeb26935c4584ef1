package io.github.pastkv.model.forward;

import io.github.pastkv.cache.DataType;
import io.github.pastkv.cache.Tensor;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.family.LayerTensors;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.family.NormTensors;
import java.lang.foreign.Arena;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All weights of a model as the forward pass reads them: linear layers packed, norms in F32, embeddings straight from
 * the mapped files.
 *
 * @param embedding {@code [V, E]} as stored
 * @param positionEmbedding {@code [maxSeqLen, E]} as stored, or null
 * @param head {@code [E]} to {@code [V]}
 */
public record ModelWeights(Tensor embedding, @Nullable Tensor positionEmbedding, List<LayerWeights> layers,
        NormWeights finalNorm, LinearWeights head) {
    /** Packs {@code tensors} into memory of {@code arena}. */
    public static ModelWeights pack(ModelConfig config, ModelTensors tensors, Kernels kernels, Arena arena) {
        List<LayerWeights> layers =
                tensors.layers().stream().map(layer -> packLayer(config, layer, kernels, arena)).toList();
        return new ModelWeights(tensors.embedding(), tensors.positionEmbedding(), layers,
                norm(config, tensors.finalNorm(), arena), kernels.pack(tensors.head(), arena));
    }

    private static LayerWeights packLayer(ModelConfig config, LayerTensors layer, Kernels kernels, Arena arena) {
        return new LayerWeights(norm(config, layer.attentionNorm(), arena), kernels.pack(layer.qkv(), arena),
                kernels.pack(layer.attentionOut(), arena), norm(config, layer.ffnNorm(), arena),
                kernels.pack(layer.ffnUp(), arena), kernels.pack(layer.ffnDown(), arena));
    }

    private static NormWeights norm(ModelConfig config, NormTensors norm, Arena arena) {
        Tensor bias = norm.bias();
        return new NormWeights(config.norm().kind(), widened(norm.weight(), arena),
                bias == null ? null : widened(bias, arena), config.norm().epsilon());
    }

    private static Tensor widened(Tensor stored, Arena arena) {
        Tensor wide = Tensor.allocate(arena, DataType.F32, stored.shape());
        stored.copyTo(wide);
        return wide;
    }

    /** Bytes of the packed linear layers: what a step of one token reads. */
    public long packedBytes() {
        return layers.stream().mapToLong(LayerWeights::packedBytes).sum() + head.packedBytes();
    }
}
