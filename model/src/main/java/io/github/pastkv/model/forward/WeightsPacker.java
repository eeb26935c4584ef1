package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.ClampedSwiglu;
import io.github.pastkv.kernels.LinearPacker;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.config.LatentConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.family.EmbeddingTensors;
import io.github.pastkv.model.family.FfnTensors;
import io.github.pastkv.model.family.LatentTensors;
import io.github.pastkv.model.family.LayerTensors;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.family.NormTensors;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Converts the weights of a model to the form that kernels read: packed linear layers and F32 norms. */
final class WeightsPacker {
    private final ModelConfig config;
    private final LinearPacker packer;
    private final Arena arena;

    WeightsPacker(ModelConfig config, LinearPacker packer, Arena arena) {
        this.config = config;
        this.packer = packer;
        this.arena = arena;
    }

    ModelWeights pack(ModelTensors tensors) {
        EmbeddingTensors embedding = tensors.embedding();
        return new ModelWeights(
                new EmbeddingWeights(embedding.tokens(), embedding.positions(), projection(embedding.projection()),
                        streamNorm(embedding.norm())),
                tensors.layers().stream().map(this::layer).toList(), streamNorm(tensors.finalNorm()),
                projection(tensors.headIn()), linear(tensors.head()));
    }

    private LayerWeights layer(LayerTensors layer) {
        int headDim = config.headDim();
        return new LayerWeights(layer.attentionNorms().map(norm -> norm(norm, config.hiddenSize())),
                linear(layer.qkv()), headNorms(layer.queryNorm(), headDim), headNorms(layer.keyNorm(), headDim),
                linear(layer.attentionOut()), layer.ffnNorms().map(norm -> norm(norm, config.hiddenSize())),
                ffn(layer.ffn()), layer.latent() == null ? null : latent(layer.latent()));
    }

    private LatentWeights latent(LatentTensors stored) {
        LatentConfig latent = Objects.requireNonNull(config.attention().latent());
        int keyDim = config.headDim() - latent.rotaryDim();
        List<LinearWeights> absorbing = new ArrayList<>();
        List<LinearWeights> values = new ArrayList<>();
        for (int head = 0; head < config.numHeads(); head++) {
            long first = (long) head * (keyDim + latent.valueDim());
            absorbing.add(linear(List.of(transposed(stored.keysValues().outputs(first, first + keyDim)))));
            values.add(linear(List.of(stored.keysValues().outputs(first + keyDim,
                    first + keyDim + latent.valueDim()))));
        }
        return new LatentWeights(latentNorm(stored.queryNorm()),
                stored.queryUp() == null ? null : linear(List.of(stored.queryUp())),
                Objects.requireNonNull(latentNorm(stored.latentNorm())), absorbing, values);
    }

    private @Nullable NormWeights latentNorm(@Nullable NormTensors norm) {
        return norm == null ? null
                : new NormWeights(NormWeights.Kind.RMS, widened(Objects.requireNonNull(norm.weight()), 0f), null,
                        LatentConfig.NORM_EPSILON);
    }

    /** Floats as they are stored; integers as the floats that they stand for. */
    private static WeightMatrix transposed(WeightMatrix stored) {
        Tensor weight = stored instanceof WeightMatrix.Plain plain
                ? plain.weight()
                : Tensor.of(stored.weights(), stored.numOutputs(), stored.numInputs());
        return WeightMatrix.of(weight.transpose(0, 1), null, null);
    }

    private FfnWeights ffn(FfnTensors ffn) {
        return switch (ffn) {
            case FfnTensors.Dense dense -> dense(dense, null);
            case FfnTensors.Experts experts -> experts(experts);
            case FfnTensors.Shortcut both ->
                    new FfnWeights.Shortcut(dense(both.dense(), null), experts(both.mixture()));
        };
    }

    private FfnWeights.Experts experts(FfnTensors.Experts stored) {
        ExpertsConfig experts = Objects.requireNonNull(config.experts());
        return new FfnWeights.Experts(experts, packer.packExactly(List.of(stored.router()), arena),
                stored.correction() == null ? null : widened(stored.correction(), 0f),
                stored.experts().stream().map(expert -> dense(expert, experts.swiglu())).toList(),
                stored.shared() == null ? null : dense(stored.shared(), experts.swiglu()),
                projection(stored.sharedGate()));
    }

    private FfnWeights.Dense dense(FfnTensors.Dense dense, @Nullable ClampedSwiglu swiglu) {
        return new FfnWeights.Dense(linear(dense.up()), linear(dense.down()), dense.xielu(), swiglu);
    }

    private LinearWeights linear(List<WeightMatrix> parts) {
        return packer.pack(parts, arena);
    }

    private @Nullable LinearWeights projection(List<WeightMatrix> parts) {
        return parts.isEmpty() ? null : linear(parts);
    }

    private @Nullable NormWeights streamNorm(@Nullable NormTensors norm) {
        return norm == null ? null : norm(norm, config.hiddenSize());
    }

    /** One norm for all heads, or one for each row of a weight {@code [heads, D]}. */
    private @Nullable HeadNormWeights headNorms(@Nullable NormTensors norm, int headDim) {
        if (norm == null) {
            return null;
        }
        Tensor weight = norm.weight();
        if (weight == null || weight.rank() == 1) {
            return new HeadNormWeights(new NormWeights[] {norm(norm, headDim)});
        }
        return new HeadNormWeights(IntStream.range(0, Math.toIntExact(weight.shape(0)))
                .mapToObj(head -> norm(new NormTensors(weight.narrow(0, head, head + 1L).reshape(headDim), null),
                        headDim))
                .toArray(NormWeights[]::new));
    }

    /** A norm of the width of its weight, or of {@code width} where it has none. */
    private NormWeights norm(NormTensors norm, int width) {
        Tensor bias = norm.bias();
        return new NormWeights(config.norm().kind(), weight(norm, width), bias == null ? null : widened(bias, 0f),
                config.norm().epsilon());
    }

    private Tensor weight(NormTensors norm, int width) {
        Tensor stored = norm.weight();
        return stored == null
                ? widened(Tensor.zeros(width), 1f)
                : widened(stored, config.norm().weightOffset());
    }

    private Tensor widened(Tensor stored, float offset) {
        Tensor wide = Tensor.allocate(arena, DataType.F32, stored.shape());
        for (int i = 0; i < stored.shape(0); i++) {
            wide.set(stored.get(i) + offset, i);
        }
        return wide;
    }
}
