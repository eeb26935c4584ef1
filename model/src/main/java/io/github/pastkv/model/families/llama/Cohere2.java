package io.github.pastkv.model.families.llama;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.Residual;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.keys.LayerKinds;
import io.github.pastkv.model.families.keys.LlamaKeys;
import io.github.pastkv.model.families.keys.RopeKeys;
import io.github.pastkv.model.families.tensors.DecoderNames;
import io.github.pastkv.model.families.tensors.DecoderTensors;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** Command R7B and A: as Command R, with windows and RoPE in all layers but every fourth, which has neither. */
public final class Cohere2 implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(8192, OptionalInt.empty(), OptionalInt.empty(), 1e-5, true);
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("attention_dropout", "pretraining_tp",
            "cache_implementation", "order_of_interleaved_layers", "position_embedding_type", "rotary_pct",
            "layer_switch", "use_embedding_sharing", "use_gated_activation", "use_parallel_block",
            "use_parallel_embedding");
    private static final DecoderNames NAMES = new DecoderNames().sharedNorm("input_layernorm");

    @Override
    public String modelType() {
        return "cohere2";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Cohere2ForCausalLM", "Cohere2Model");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean biased = json.findBoolean("attention_bias", false);
        AttentionConfig attention = keys.heads().withBiases(biased, biased);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL).interleaved();
        ModelConfig config = keys.model(modelType(), attention, keys.ffn("hidden_act", "silu"),
                layers(json, attention.scaleByHeadDim(), rotary, keys.sizes().numLayers()))
                .withNorm(keys.layerNorm("layer_norm_eps", 1e-5)).withResidual(Residual.PARALLEL)
                .withHead(keys.head().withLogitScale((float) json.findPositive("logit_scale").orElse(0.0625)));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    private static List<LayerConfig> layers(JsonObject json, float scale, RopeConfig rotary, int numLayers)
            throws ModelFormatException {
        int pattern = json.findInt("sliding_window_pattern", 1, CommonKeys.MAX_LAYERS)
                .orElse(json.findInt("_sliding_window_pattern", 1, CommonKeys.MAX_LAYERS).orElse(4));
        int window = json.findInt("sliding_window", 1, CommonKeys.MAX_SEQ_LEN).orElse(4096);
        return LayerKinds.read(json, numLayers, layer -> (layer + 1) % pattern != 0)
                .layers(LayerConfig.full(scale, null), LayerConfig.full(scale, rotary).withWindow(window));
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
