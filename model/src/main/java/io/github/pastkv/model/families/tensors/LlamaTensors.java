package io.github.pastkv.model.families.tensors;

import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.family.BlockNorms;
import io.github.pastkv.model.family.EmbeddingTensors;
import io.github.pastkv.model.family.LayerTensors;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.family.NormTensors;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the weights of Llama and its descendants, under the names they share; {@code model.} may be missing before
 * them.
 */
public final class LlamaTensors {
    private static final String INPUT = "input_layernorm";
    private static final String POST_ATTENTION = "post_attention_layernorm";
    private static final String PRE_FFN = "pre_feedforward_layernorm";
    private static final String POST_FFN = "post_feedforward_layernorm";
    /** Frequencies kept by old versions. */
    private static final Pattern IGNORED =
            Pattern.compile(
                    "layers\\.\\d+\\.self_attn\\.rotary_emb\\.inv_freq|rotary_emb\\.inv_freq"
                            + "|rotary_emb_local\\.inv_freq");

    private static final Pattern NOTHING = Pattern.compile("");

    /** Which queries and keys are normalized together. */
    public enum HeadNorms {
        NONE,
        /** Each head by itself. */
        EACH,
        /** All heads of a token. */
        ALL
    }

    /**
     * What the names of a layer's weights are in one family.
     *
     * @param attentionNorms names of the norms around attention
     * @param ffnNorms names of the norms around the feed-forward block
     * @param headNorms whether there are {@code q_norm} and {@code k_norm}
     * @param fused whether queries, keys and values are one, and gate and up another
     */
    public record Form(BlockNorms<String> attentionNorms, BlockNorms<String> ffnNorms, HeadNorms headNorms,
            boolean fused) {
        /** Norms before each block. */
        public static final Form LLAMA =
                new Form(BlockNorms.before(INPUT), BlockNorms.before(POST_ATTENTION), HeadNorms.NONE, false);
        /** Norms before and after each block. */
        public static final Form GEMMA = new Form(new BlockNorms<>(null, INPUT, POST_ATTENTION),
                new BlockNorms<>(null, PRE_FFN, POST_FFN), HeadNorms.NONE, false);
        /** Norms after each block. */
        public static final Form OLMO = new Form(new BlockNorms<>(null, null, POST_ATTENTION),
                new BlockNorms<>(null, null, POST_FFN), HeadNorms.ALL, false);

        public Form with(HeadNorms newHeadNorms) {
            return new Form(attentionNorms, ffnNorms, newHeadNorms, fused);
        }

        public Form withFusedParts() {
            return new Form(attentionNorms, ffnNorms, headNorms, true);
        }
    }

    private final ModelConfig config;
    private final Form form;
    private final TensorReader reader;

    private LlamaTensors(ModelConfig config, Form form, TensorReader reader) {
        this.config = config;
        this.form = form;
        this.reader = reader;
    }

    public static ModelTensors read(ModelConfig config, Form form, WeightSource weights) throws ModelFormatException {
        return read(config, form, weights, NOTHING);
    }

    /** The same where the source holds other parts of a larger model too, whose names match {@code otherParts}. */
    public static ModelTensors read(ModelConfig config, Form form, WeightSource weights, Pattern otherParts)
            throws ModelFormatException {
        TensorReader reader = new TensorReader(weights, "model.", "embed_tokens.weight", "norm.weight");
        return new LlamaTensors(config, form, reader).read(otherParts);
    }

    private ModelTensors read(Pattern otherParts) throws ModelFormatException {
        WeightMatrix embedding = reader.embedding("embed_tokens.weight", "lm_head.weight", config.tiedHead(),
                config.vocabSize(), config.hiddenSize());
        List<LayerTensors> layers = new ArrayList<>();
        for (int layer = 0; layer < config.numLayers(); layer++) {
            layers.add(layer("layers." + layer + "."));
        }
        NormTensors finalNorm = reader.norm("norm", config.hiddenSize(), false);
        List<WeightMatrix> head = reader.head(embedding, config.tiedHead(), "lm_head.weight");
        reader.refuseUnknown(IGNORED, otherParts);
        return new ModelTensors(EmbeddingTensors.plain(embedding, null), layers, finalNorm, List.of(), head,
                reader.linears(), reader.names());
    }

    private LayerTensors layer(String name) throws ModelFormatException {
        int e = config.hiddenSize();
        return new LayerTensors(norms(name, form.attentionNorms), qkv(name + "self_attn."),
                headNorm(name + "self_attn.q_norm", config.numHeads()),
                headNorm(name + "self_attn.k_norm", config.numKvHeads()),
                List.of(reader.linear(name + "self_attn.o_proj", e, config.numHeads() * config.headDim(),
                        config.attention().outBias())),
                norms(name, form.ffnNorms), ffnUp(name + "mlp."),
                List.of(reader.linear(name + "mlp.down_proj", e, config.ffnSize(), config.ffn().bias())));
    }

    private BlockNorms<NormTensors> norms(String layer, BlockNorms<String> names) throws ModelFormatException {
        return new BlockNorms<>(null, norm(layer, names.before()), norm(layer, names.after()));
    }

    private @Nullable NormTensors norm(String layer, @Nullable String name) throws ModelFormatException {
        return name == null ? null : reader.norm(layer + name, config.hiddenSize(), false);
    }

    private @Nullable NormTensors headNorm(String name, int numHeads) throws ModelFormatException {
        return switch (form.headNorms) {
            case NONE -> null;
            case EACH -> reader.norm(name, config.headDim(), false);
            case ALL -> reader.norm(name, numHeads * config.headDim(), false);
        };
    }

    private List<WeightMatrix> qkv(String name) throws ModelFormatException {
        int e = config.hiddenSize();
        int queries = config.numHeads() * config.headDim();
        int keys = config.numKvHeads() * config.headDim();
        boolean biased = config.attention().qkvBias();
        if (form.fused) {
            return List.of(reader.linear(name + "qkv_proj", queries + 2 * keys, e, biased));
        }
        return List.of(reader.linear(name + "q_proj", queries, e, biased),
                reader.linear(name + "k_proj", keys, e, biased), reader.linear(name + "v_proj", keys, e, biased));
    }

    private List<WeightMatrix> ffnUp(String name) throws ModelFormatException {
        int e = config.hiddenSize();
        int f = config.ffnSize();
        boolean biased = config.ffn().bias();
        if (form.fused) {
            return List.of(reader.linear(name + "gate_up_proj", 2 * f, e, biased));
        }
        return List.of(reader.linear(name + "gate_proj", f, e, biased), reader.linear(name + "up_proj", f, e, biased));
    }
}
