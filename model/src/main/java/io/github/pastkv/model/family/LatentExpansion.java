package io.github.pastkv.model.family;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.LatentConfig;
import io.github.pastkv.tensor.Tensor;
import java.util.Objects;

/**
 * The keys and values of each head of a layer with latent attention, expanded from latents to be read. They are never
 * stored, and attention does not read them. Each number is an fma chain over the latent ascending. Immutable.
 */
public final class LatentExpansion {
    private final AttentionConfig heads;
    private final LatentConfig latent;
    private final float[] weights; // [H * (D - Dr + valueDim), R]

    /**
     * The expansion of a layer.
     *
     * @param heads with a latent
     * @param layer with the tensors of a latent
     */
    public LatentExpansion(AttentionConfig heads, LayerTensors layer) {
        this.heads = heads;
        this.latent = Objects.requireNonNull(heads.latent(), "heads have no latent");
        this.weights = Objects.requireNonNull(layer.latent(), "layer has no latent").keysValues().weights();
    }

    /**
     * Keys {@code [n, H * D]}: of each head those from the latent, then the rotary key.
     *
     * @param latents {@code [n, R]}, as cached
     * @param rotaryKeys {@code [n, Dr]}
     */
    public Tensor keys(Tensor latents, Tensor rotaryKeys) {
        int keyDim = heads.headDim() - latent.rotaryDim();
        Tensor keys = Tensor.zeros(latents.shape(0), (long) heads.numHeads() * heads.headDim());
        for (int token = 0; token < latents.shape(0); token++) {
            float[] row = row(latents, token);
            for (int head = 0; head < heads.numHeads(); head++) {
                int first = head * (keyDim + latent.valueDim());
                for (int dim = 0; dim < heads.headDim(); dim++) {
                    float number = dim < keyDim ? product(first + dim, row) : rotaryKeys.get(token, dim - keyDim);
                    keys.set(number, token, (long) head * heads.headDim() + dim);
                }
            }
        }
        return keys;
    }

    /**
     * Values {@code [n, H * valueDim]}.
     *
     * @param latents {@code [n, R]}, as cached
     */
    public Tensor values(Tensor latents) {
        int keyDim = heads.headDim() - latent.rotaryDim();
        Tensor values = Tensor.zeros(latents.shape(0), (long) heads.numHeads() * latent.valueDim());
        for (int token = 0; token < latents.shape(0); token++) {
            float[] row = row(latents, token);
            for (int head = 0; head < heads.numHeads(); head++) {
                int first = head * (keyDim + latent.valueDim()) + keyDim;
                for (int dim = 0; dim < latent.valueDim(); dim++) {
                    values.set(product(first + dim, row), token, (long) head * latent.valueDim() + dim);
                }
            }
        }
        return values;
    }

    private float[] row(Tensor latents, int token) {
        float[] row = new float[latent.latentDim()];
        for (int i = 0; i < row.length; i++) {
            row[i] = latents.get(token, i) * latent.latentScale();
        }
        return row;
    }

    private float product(int output, float[] row) {
        float sum = 0f;
        for (int i = 0; i < row.length; i++) {
            sum = Math.fma(row[i], weights[output * row.length + i], sum);
        }
        return sum;
    }
}
