package io.github.pastkv.model.families.moe;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.config.RouterConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.keys.ExpertKeys;
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
import java.util.Collections;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * ERNIE 4.5 with experts in a range of layers: interleaved RoPE, a correction of the choice, and one switch for all
 * biases, that of the head among them.
 */
public final class Ernie45Moe implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(131072, OptionalInt.of(4), OptionalInt.empty(), 1e-5, true);
    private static final Set<String> HARMLESS_KEYS = ExpertKeys.harmless("num_nextn_predict_layers", "moe_capacity",
            "moe_gate", "moe_use_aux_free", "compression_ratio", "weight_share_add_bias");

    @Override
    public String modelType() {
        return "ernie4_5_moe";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Ernie4_5_MoeForCausalLM", "Ernie4_5_MoeModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean biased = json.findBoolean("use_bias", false);
        AttentionConfig attention = keys.heads().withBiases(biased, biased);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL.withTheta("rope_theta", 500000)).interleaved();
        ExpertKeys experts = ExpertKeys.of(json, "moe_num_experts", "num_experts", 64);
        int size = experts.size("moe_intermediate_size", 1536);
        ExpertsConfig.SharedExpert shared = experts.shared("moe_num_shared_experts", 2, size);
        int numLayers = keys.sizes().numLayers();
        LayerConfig layer = LayerConfig.full(attention.scaleByHeadDim(), rotary);
        ModelConfig config = keys.model(modelType(), attention, keys.ffn("hidden_act", "silu").withBias(biased),
                ExpertKeys.layers(Collections.nCopies(numLayers, layer),
                        ExpertsConfig.of(experts.numExperts(), size, router(json, experts)).withBias(biased)
                                .withShared(new ExpertsConfig.SharedExpert(shared.size(), biased, false)),
                        sparseLayers(json, numLayers)))
                .withHead(keys.head().withBias(biased));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    /** The correction counts for the choice only. */
    private static RouterConfig router(JsonObject json, ExpertKeys experts) throws ModelFormatException {
        float least = (float) json.findPositive("moe_norm_min").orElse(1e-12);
        return experts.router("moe_k", 6, new RouterConfig.Softmax())
                .withChoice(new RouterConfig.Choice(true, null))
                .withNormalization(new RouterConfig.Normalization(0f, least));
    }

    /** Every so many layers, within a range whose end is included. */
    private static IntPredicate sparseLayers(JsonObject json, int numLayers) throws ModelFormatException {
        int first = json.findInt("moe_layer_start_index", 0, CommonKeys.MAX_LAYERS).orElse(1);
        int stated = json.findInt("moe_layer_end_index", -1, CommonKeys.MAX_LAYERS).orElse(-1);
        int last = stated == -1 ? numLayers - 1 : stated;
        int interval = json.findInt("moe_layer_interval", 1, CommonKeys.MAX_LAYERS).orElse(1);
        return layer -> (layer + 1) % interval == 0 && layer >= first && layer <= last;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        DecoderNames names = new DecoderNames().ignoringLayersFrom(config.numLayers())
                .experts(ExpertNames.DEFAULT.withCorrection("moe_statics.e_score_correction_bias"));
        return DecoderTensors.read(config, names, weights);
    }
}
