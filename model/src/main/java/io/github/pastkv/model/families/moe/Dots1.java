package io.github.pastkv.model.families.moe;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.config.HeadNorms;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.keys.ExpertKeys;
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

/** dots.llm1: heads with norms, DeepSeek V3's routing, the first layers dense, windows in the upper layers. */
public final class Dots1 implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(2048, OptionalInt.of(32), OptionalInt.empty(), 1e-6, false);
    private static final Set<String> HARMLESS_KEYS = ExpertKeys.harmless();
    private static final DecoderNames NAMES = new DecoderNames();

    @Override
    public String modelType() {
        return "dots1";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Dots1ForCausalLM", "Dots1Model");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean biased = json.findBoolean("attention_bias", false);
        AttentionConfig attention = keys.heads().withBiases(biased, biased).withHeadNorms(HeadNorms.SHARED);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL);
        ExpertKeys.requireOneOf(json, "scoring_func", "sigmoid", "noaux_tc");
        ExpertKeys.requireOneOf(json, "topk_method", "noaux_tc");
        json.findInt("moe_layer_freq", 1, 1);
        ExpertKeys experts = ExpertKeys.of(json, "n_routed_experts", "num_local_experts", 128);
        int size = experts.size("moe_intermediate_size", 1408);
        LayerConfig full = LayerConfig.full(attention.scaleByHeadDim(), rotary);
        ModelConfig config = keys.model(modelType(), attention, keys.ffn("hidden_act", "silu"), ExpertKeys.layers(
                layers(json, keys.sizes().numLayers(), full),
                ExpertsConfig.of(experts.numExperts(), size, experts.deepSeekRouter(6, false, 1))
                        .withShared(experts.shared("n_shared_experts", 2, size)),
                experts.fromFirstSparseLayer(0)));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    private static List<LayerConfig> layers(JsonObject json, int numLayers, LayerConfig full)
            throws ModelFormatException {
        boolean isUsed = !json.isNull("sliding_window");
        int window = json.findInt("sliding_window", 1, CommonKeys.MAX_SEQ_LEN).orElse(4096);
        int first = json.findInt("max_window_layers", 0, Integer.MAX_VALUE).orElse(62);
        LayerKinds kinds = LayerKinds.read(json, numLayers, layer -> isUsed && layer >= first);
        if (kinds.anyWindowed() && !isUsed) {
            throw json.refusal("layer_types", "has sliding_attention, but sliding_window is null");
        }
        return kinds.layers(full, full.withWindow(window));
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
