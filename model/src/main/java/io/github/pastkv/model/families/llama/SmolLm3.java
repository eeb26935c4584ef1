package io.github.pastkv.model.families.llama;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
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
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** SmolLM3: Llama with layers without RoPE, by default every fourth; they may have a sliding window. */
public final class SmolLm3 implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(32768, OptionalInt.of(4), OptionalInt.empty(), 1e-6, true);
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("max_window_layers");
    private static final DecoderNames NAMES = new DecoderNames();

    @Override
    public String modelType() {
        return "smollm3";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("SmolLM3ForCausalLM", "SmolLM3Model");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean biased = json.findBoolean("attention_bias", false);
        AttentionConfig attention = keys.heads().withBiases(biased, biased);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL);
        ModelConfig config = keys.model(modelType(), attention,
                keys.ffn("hidden_act", "silu").withBias(json.findBoolean("mlp_bias", false)),
                layers(json, attention.scaleByHeadDim(), rotary, keys.sizes().numLayers()));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    private static List<LayerConfig> layers(JsonObject json, float scale, RopeConfig rotary, int numLayers)
            throws ModelFormatException {
        int interval = json.findInt("no_rope_layer_interval", 1, CommonKeys.MAX_LAYERS).orElse(4);
        List<Integer> stated = json.findInts("no_rope_layers", 0, 1); // 1 where there is RoPE
        if (!stated.isEmpty() && stated.size() != numLayers) {
            throw json.refusal("no_rope_layers", stated.size() + " layers, num_hidden_layers is " + numLayers);
        }
        OptionalInt window = json.findInt("sliding_window", 1, CommonKeys.MAX_SEQ_LEN);
        boolean isUsed = json.findBoolean("use_sliding_window", false) && window.isPresent();
        LayerKinds kinds = LayerKinds.read(json, numLayers, layer -> isUsed && !hasRope(stated, interval, layer));
        if (kinds.anyWindowed() && !isUsed) {
            throw json.refusal("layer_types", "has sliding_attention, but use_sliding_window is false or there is no "
                    + "sliding_window");
        }
        List<LayerConfig> layers = new ArrayList<>();
        for (int layer = 0; layer < numLayers; layer++) {
            LayerConfig full = LayerConfig.full(scale, hasRope(stated, interval, layer) ? rotary : null);
            layers.add(kinds.windowed().get(layer) ? full.withWindow(window.orElse(0)) : full);
        }
        return layers;
    }

    private static boolean hasRope(List<Integer> stated, int interval, int layer) {
        return stated.isEmpty() ? (layer + 1) % interval != 0 : stated.get(layer) == 1;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
