package io.github.pastkv.model.families.llama;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
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

/** GLM-4 9B: Llama with interleaved RoPE over part of a head, gate and up stored as one. */
public final class Glm implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(131072, OptionalInt.of(2), OptionalInt.of(128), 1.5625e-7, false);
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("attention_dropout");
    private static final DecoderNames NAMES = new DecoderNames().joinedGate("gate_up_proj");

    @Override
    public String modelType() {
        return "glm";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("GlmForCausalLM", "GlmModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        AttentionConfig attention = keys.heads().withBiases(json.findBoolean("attention_bias", false), false);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL.withPart("partial_rotary_factor", 0.5)).interleaved();
        ModelConfig config = keys.model(modelType(), attention, keys.ffn("hidden_act", "silu"),
                LayerConfig.equal(keys.sizes().numLayers(), attention.scaleByHeadDim(), rotary));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
