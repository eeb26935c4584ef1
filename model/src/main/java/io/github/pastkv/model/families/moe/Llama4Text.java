package io.github.pastkv.model.families.moe;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.config.FfnConfig;
import io.github.pastkv.model.config.HeadNorms;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.QueryTemperature;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.config.RouterConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.keys.ExpertKeys;
import io.github.pastkv.model.families.keys.LayerKinds;
import io.github.pastkv.model.families.keys.LlamaKeys;
import io.github.pastkv.model.families.keys.RopeKeys;
import io.github.pastkv.model.families.tensors.DecoderNames;
import io.github.pastkv.model.families.tensors.DecoderTensors;
import io.github.pastkv.model.families.tensors.ExpertNames;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The text part of Llama 4: attention in chunks with RoPE, layers without positions whose queries grow with the
 * position, and experts whose input, not output, is weighted.
 */
public final class Llama4Text implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(131072, OptionalInt.of(8), OptionalInt.of(128), 1e-5, false);
    private static final Set<String> HARMLESS_KEYS =
            ExpertKeys.harmless("router_jitter_noise", "for_llm_compressor"); // jitter is for training

    /** The names of its tensors, also within multimodal folders. */
    static DecoderNames names() {
        return new DecoderNames().blocks("layers.", "self_attn.", "feed_forward.")
                .experts(new ExpertNames("feed_forward.", "router", "", ExpertNames.Storage.STACKED_TRANSPOSED, "",
                        "experts.gate_up_proj", "experts.down_proj", "shared_expert.", ""));
    }

    @Override
    public String modelType() {
        return "llama4_text";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Llama4ForCausalLM", "Llama4TextModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean biased = json.findBoolean("attention_bias", false);
        AttentionConfig heads = keys.heads().withBiases(biased, biased);
        AttentionConfig attention = json.findBoolean("use_qk_norm", true)
                ? heads.withHeadNorms(HeadNorms.UNWEIGHTED).withNormAfterRope()
                : heads;
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL.withTheta("rope_theta", 500000)
                        .withAliases(Map.of("llama3", "llama4")))
                .interleaved();
        FfnConfig ofExperts = keys.ffn("hidden_act", "silu");
        int denseSize = json.findInt("intermediate_size_mlp", 1, CommonKeys.MAX_WIDTH).orElse(16384);
        int numLayers = keys.sizes().numLayers();
        List<LayerConfig> layers = layers(json, numLayers, LayerConfig.full(attention.scaleByHeadDim(), rotary));
        ModelConfig config = keys.model(modelType(), attention,
                new FfnConfig(denseSize, ofExperts.activation(), true, false),
                ExpertKeys.layers(layers, experts(json, ofExperts.ffnSize()), sparseLayers(json, numLayers)));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    /** Layers with RoPE are chunked, those without have a temperature of queries. */
    private static List<LayerConfig> layers(JsonObject json, int numLayers, LayerConfig full)
            throws ModelFormatException {
        int interval = json.findInt("no_rope_layer_interval", 1, CommonKeys.MAX_LAYERS).orElse(4);
        List<Integer> stated = json.findInts("no_rope_layers", 0, 1); // 1 where there is RoPE
        if (!stated.isEmpty() && stated.size() != numLayers) {
            throw json.refusal("no_rope_layers", stated.size() + " layers, num_hidden_layers is " + numLayers);
        }
        IntPredicate hasRope = layer -> stated.isEmpty() ? (layer + 1) % interval != 0 : stated.get(layer) == 1;
        int chunk = json.findInt("attention_chunk_size", 1, CommonKeys.MAX_SEQ_LEN).orElse(8192);
        boolean hasChunks = !json.isNull("attention_chunk_size");
        LayerKinds kinds = LayerKinds.readChunked(json, numLayers, layer -> hasChunks && hasRope.test(layer));
        if (kinds.anyWindowed() && !hasChunks) {
            throw json.refusal("layer_types", "has chunked_attention, but attention_chunk_size is null");
        }
        QueryTemperature temperature = temperature(json);
        List<LayerConfig> layers = new ArrayList<>();
        for (int layer = 0; layer < numLayers; layer++) {
            LayerConfig positioned = hasRope.test(layer) ? full
                    : LayerConfig.full(full.scoreScale(), null).withQueryTemperature(temperature);
            layers.add(kinds.windowed().get(layer) ? positioned.withChunks(chunk) : positioned);
        }
        return layers;
    }

    private static @Nullable QueryTemperature temperature(JsonObject json) throws ModelFormatException {
        boolean isUsed = json.findBoolean("attn_temperature_tuning", true);
        double floorScale = json.findPositive("floor_scale").orElse(8192);
        double scale = json.findNumber("attn_scale").orElse(0.1);
        return isUsed ? new QueryTemperature(floorScale, scale) : null;
    }

    private static ExpertsConfig experts(JsonObject json, int size) throws ModelFormatException {
        ExpertKeys experts = ExpertKeys.of(json, "num_local_experts", "num_experts", 16);
        RouterConfig router = experts.router("num_experts_per_tok", 1, new RouterConfig.SigmoidOfChosen())
                .withScaledInput();
        return ExpertsConfig.of(experts.numExperts(), size, router).withShared(ExpertsConfig.SharedExpert.of(size));
    }

    private static IntPredicate sparseLayers(JsonObject json, int numLayers) throws ModelFormatException {
        int step = json.findInt("interleave_moe_layer_step", 0, CommonKeys.MAX_LAYERS).orElse(1);
        if (json.isArray("moe_layers")) {
            return json.findInts("moe_layers", 0, numLayers - 1)::contains;
        }
        return layer -> step > 0 && layer % step == step - 1;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, names(), weights);
    }
}
