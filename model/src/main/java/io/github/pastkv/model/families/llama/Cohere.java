package io.github.pastkv.model.families.llama;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.HeadNorms;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.Residual;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.keys.LlamaKeys;
import io.github.pastkv.model.families.keys.RopeKeys;
import io.github.pastkv.model.families.tensors.DecoderNames;
import io.github.pastkv.model.families.tensors.DecoderTensors;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Command R: both blocks in parallel from one LayerNorm without bias, interleaved RoPE, scaled logits, and optionally
 * norms of each head with weights of their own.
 */
public final class Cohere implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(8192, OptionalInt.empty(), OptionalInt.empty(), 1e-5, true);
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("attention_dropout", "pretraining_tp");
    private static final DecoderNames NAMES = new DecoderNames().sharedNorm("input_layernorm");

    @Override
    public String modelType() {
        return "cohere";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("CohereForCausalLM", "CohereModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean biased = json.findBoolean("attention_bias", false);
        AttentionConfig attention = keys.heads().withBiases(biased, biased)
                .withHeadNorms(json.findBoolean("use_qk_norm", false) ? HeadNorms.OWN : HeadNorms.NONE);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL).interleaved();
        ModelConfig config = keys.model(modelType(), attention, keys.ffn("hidden_act", "silu"),
                LayerConfig.equal(keys.sizes().numLayers(), attention.scaleByHeadDim(), rotary))
                .withNorm(keys.layerNorm("layer_norm_eps", 1e-5)).withResidual(Residual.PARALLEL)
                .withHead(keys.head().withLogitScale((float) json.findPositive("logit_scale").orElse(0.0625)));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
