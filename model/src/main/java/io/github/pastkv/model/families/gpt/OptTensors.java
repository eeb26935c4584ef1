package io.github.pastkv.model.families.gpt;

import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.Residual;
import io.github.pastkv.model.families.tensors.TensorReader;
import io.github.pastkv.model.family.BlockNorms;
import io.github.pastkv.model.family.EmbeddingTensors;
import io.github.pastkv.model.family.LayerTensors;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.family.NormTensors;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads OPT's weights. Where norms stand after the blocks, a norm after one block is the same as a norm of the stream
 * before the next ({@link Residual#NORMED}), and the last layer's last one is the norm before the head.
 */
final class OptTensors {
    /** Rows of the position table before that of position 0. */
    static final int FIRST_POSITION_ROW = 2;

    private static final Pattern IGNORED = Pattern.compile("");

    private final ModelConfig config;
    private final TensorReader reader;
    private final boolean normsBehind;

    OptTensors(ModelConfig config, WeightSource weights) {
        this.config = config;
        this.reader = new TensorReader(weights, List.of("", "decoder.", "model.decoder."), "embed_tokens.weight",
                "embed_positions.weight");
        this.normsBehind = config.residual() == Residual.NORMED;
    }

    ModelTensors read() throws ModelFormatException {
        int e = config.hiddenSize();
        int width = config.embedding().width();
        WeightMatrix tokens = reader.embedding("embed_tokens.weight", "lm_head.weight", config.tiedHead(),
                config.vocabSize(), width);
        Tensor positions = reader.tensor("embed_positions.weight", config.maxSeqLen() + FIRST_POSITION_ROW, e);
        EmbeddingTensors embedding =
                new EmbeddingTensors(tokens, positions, projection("project_in", e, width), null);
        List<LayerTensors> layers = new ArrayList<>();
        @Nullable NormTensors behindLast = null;
        for (int layer = 0; layer < config.numLayers(); layer++) {
            String name = "layers." + layer + ".";
            NormTensors attentionNorm = norm(name + "self_attn_layer_norm");
            NormTensors ffnNorm = norm(name + "final_layer_norm");
            layers.add(normsBehind
                    ? layer(name, BlockNorms.ofStream(behindLast), BlockNorms.ofStream(attentionNorm))
                    : layer(name, BlockNorms.before(attentionNorm), BlockNorms.before(ffnNorm)));
            behindLast = ffnNorm;
        }
        NormTensors finalNorm = config.head().normed() && !normsBehind ? norm("final_layer_norm") : null;
        List<WeightMatrix> headIn = projection("project_out", width, e);
        List<WeightMatrix> head = reader.head(tokens, config.tiedHead(), "lm_head.weight");
        reader.refuseUnknown(IGNORED);
        return new ModelTensors(embedding, layers, normsBehind ? behindLast : finalNorm, headIn, head,
                reader.linears(), reader.names());
    }

    private NormTensors norm(String name) throws ModelFormatException {
        return config.norm().weighted() ? reader.norm(name, config.hiddenSize(), true) : new NormTensors(null, null);
    }

    private List<WeightMatrix> projection(String name, int outputs, int inputs) throws ModelFormatException {
        return outputs == inputs ? List.of() : List.of(reader.linear(name, outputs, inputs, false));
    }

    private LayerTensors layer(String name, BlockNorms<NormTensors> attentionNorms, BlockNorms<NormTensors> ffnNorms)
            throws ModelFormatException {
        int e = config.hiddenSize();
        int f = config.ffnSize();
        boolean biased = config.ffn().bias();
        String attention = name + "self_attn.";
        return new LayerTensors(attentionNorms,
                List.of(reader.linear(attention + "q_proj", e, e, biased),
                        reader.linear(attention + "k_proj", e, e, biased),
                        reader.linear(attention + "v_proj", e, e, biased)),
                null, null, List.of(reader.linear(attention + "out_proj", e, e, biased)), ffnNorms,
                List.of(reader.linear(name + "fc1", f, e, biased)), List.of(reader.linear(name + "fc2", e, f, biased)));
    }
}
