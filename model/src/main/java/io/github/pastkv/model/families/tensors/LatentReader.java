package io.github.pastkv.model.families.tensors;

import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.LatentConfig;
import io.github.pastkv.model.family.LatentTensors;
import io.github.pastkv.model.files.ModelFormatException;
import java.util.List;

/** Reads the tensors of latent attention under the names of DeepSeek, which all its families share. */
final class LatentReader {
    private LatentReader() {}

    /** Projections of the stream: to queries or their latent, and to latent and rotary key. */
    static List<WeightMatrix> down(AttentionConfig heads, LatentConfig latent, String attention, TensorReader reader,
            int hiddenSize) throws ModelFormatException {
        WeightMatrix queries = latent.queryRank() == 0
                ? reader.linear(attention + "q_proj", heads.numHeads() * heads.headDim(), hiddenSize, false)
                : reader.linear(attention + "q_a_proj", latent.queryRank(), hiddenSize, heads.qkvBias());
        return List.of(queries, reader.linear(attention + "kv_a_proj_with_mqa", latent.cachedDim(), hiddenSize,
                heads.qkvBias()));
    }

    /** What follows them. */
    static LatentTensors read(AttentionConfig heads, LatentConfig latent, String attention, TensorReader reader)
            throws ModelFormatException {
        boolean isDirect = latent.queryRank() == 0;
        int keyDim = heads.headDim() - latent.rotaryDim();
        return new LatentTensors(isDirect ? null : reader.norm(attention + "q_a_layernorm", latent.queryRank(), false),
                isDirect ? null
                        : reader.linear(attention + "q_b_proj", heads.numHeads() * heads.headDim(),
                                latent.queryRank(), false),
                reader.norm(attention + "kv_a_layernorm", latent.latentDim(), false),
                reader.linear(attention + "kv_b_proj", heads.numHeads() * (keyDim + latent.valueDim()),
                        latent.latentDim(), false));
    }
}
