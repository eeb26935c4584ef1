package io.github.pastkv.model.families.llama;

import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.NormConfig;
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

/** OLMo: Llama with LayerNorm without weights, whose queries, keys and values may be clipped. */
public final class Olmo implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(2048, OptionalInt.empty(), OptionalInt.empty(), 1e-5, false);
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("attention_dropout");
    private static final DecoderNames NAMES = new DecoderNames();

    @Override
    public String modelType() {
        return "olmo";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("OlmoForCausalLM", "OlmoModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean biased = json.findBoolean("attention_bias", false);
        float clip = (float) json.findPositive("clip_qkv").orElse(0);
        AttentionConfig attention = keys.heads().withBiases(biased, biased).withClip(clip);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL);
        ModelConfig config = keys.model(modelType(), attention, keys.ffn("hidden_act", "silu"),
                LayerConfig.equal(keys.sizes().numLayers(), attention.scaleByHeadDim(), rotary))
                .withNorm(new NormConfig(NormWeights.Kind.LAYER, 1e-5f, 0f, false));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
