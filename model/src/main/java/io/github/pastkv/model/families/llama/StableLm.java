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
 * StableLM: LayerNorm, RoPE over part of a head; optionally both blocks in parallel, and norms of each head with
 * weights of their own.
 */
public final class StableLm implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(4096, OptionalInt.of(32), OptionalInt.empty(), 1e-5, false);
    private static final Set<String> HARMLESS_KEYS =
            CommonKeys.harmless("attention_dropout", "hidden_dropout", "rotary_scaling_factor");
    private static final DecoderNames NAMES = names();
    private static final DecoderNames SHARED = names().sharedNorm("input_layernorm");

    @Override
    public String modelType() {
        return "stablelm";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("StableLmForCausalLM", "StableLmModel", "StableLMEpochForCausalLM");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean isParallel = json.findBoolean("use_parallel_residual", false);
        AttentionConfig attention = keys.heads().withBiases(json.findBoolean("use_qkv_bias", false), false)
                .withHeadNorms(json.findBoolean("qk_layernorm", false) ? HeadNorms.OWN : HeadNorms.NONE);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL.withPart("partial_rotary_factor", 0.25));
        ModelConfig config = keys.model(modelType(), attention, keys.ffn("hidden_act", "silu"),
                LayerConfig.equal(keys.sizes().numLayers(), attention.scaleByHeadDim(), rotary))
                .withNorm(keys.layerNorm("layer_norm_eps", 1e-5))
                .withResidual(isParallel ? Residual.PARALLEL : Residual.SERIAL);
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    private static DecoderNames names() {
        return new DecoderNames().biasedNorms().headNorms("q_layernorm", "k_layernorm");
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, config.parallelResidual() ? SHARED : NAMES, weights);
    }
}
