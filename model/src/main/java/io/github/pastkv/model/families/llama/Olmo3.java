package io.github.pastkv.model.families.llama;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.DefaultRope;
import io.github.pastkv.model.config.HeadNorms;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.keys.LayerKinds;
import io.github.pastkv.model.families.keys.LlamaKeys;
import io.github.pastkv.model.families.keys.RopeKeys;
import io.github.pastkv.model.families.tensors.DecoderNames;
import io.github.pastkv.model.families.tensors.DecoderTensors;
import io.github.pastkv.model.family.BlockNorms;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * OLMo 3: OLMo 2 with windows in all layers but every fourth. RoPE scaling, if any, applies to full-attention layers
 * only, as in the version of transformers that introduced OLMo 3.
 */
public final class Olmo3 implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(2048, OptionalInt.empty(), OptionalInt.empty(), 1e-5, false);
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("attention_dropout");
    private static final DecoderNames NAMES = new DecoderNames().norms(
            new BlockNorms<>(null, null, "post_attention_layernorm"),
            new BlockNorms<>(null, null, "post_feedforward_layernorm"));

    @Override
    public String modelType() {
        return "olmo3";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Olmo3ForCausalLM", "Olmo3Model");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean biased = json.findBoolean("attention_bias", false);
        AttentionConfig attention = keys.heads().withBiases(biased, biased).withHeadNorms(HeadNorms.JOINT);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL);
        ModelConfig config = keys.model(modelType(), attention, keys.ffn("hidden_act", "silu"),
                layers(json, attention.scaleByHeadDim(), rotary, keys.sizes().numLayers()));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    private static List<LayerConfig> layers(JsonObject json, float scale, RopeConfig rotary, int numLayers)
            throws ModelFormatException {
        int window = json.findInt("sliding_window", 1, CommonKeys.MAX_SEQ_LEN).orElse(4096);
        RopeConfig plain = new RopeConfig(rotary.rotaryDim(), rotary.theta(), new DefaultRope());
        return LayerKinds.read(json, numLayers, layer -> (layer + 1) % 4 != 0).layers(LayerConfig.full(scale, rotary),
                LayerConfig.full(scale, plain).withWindow(window));
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
