package io.github.pastkv.model.families.moe;

import io.github.pastkv.kernels.ClampedSwiglu;
import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.config.FfnConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.config.RouterConfig;
import io.github.pastkv.model.config.YarnRope;
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
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/** gpt-oss: attention sinks, windows in every other layer, clamped experts with biases, perhaps in MXFP4. */
public final class GptOss implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(131072, OptionalInt.of(8), OptionalInt.of(64), 1e-5, false);
    private static final RopeKeys.Spelling SPELLING = RopeKeys.Spelling.USUAL.withTheta("rope_theta", 150000);
    /** Where the configuration says nothing. */
    private static final YarnRope UNSAID = new YarnRope(32, YarnRope.attentionFactor(32, OptionalDouble.empty(),
            OptionalDouble.empty()), 1, new YarnRope.Ramp(32, 1, false), 4096);
    private static final double SWIGLU_ALPHA = 1.702;
    private static final double SWIGLU_LIMIT = 7;
    private static final Set<String> HARMLESS_KEYS = ExpertKeys.harmless("initial_context_length");
    private static final DecoderNames NAMES = new DecoderNames().experts(new ExpertNames("mlp.", "router", "",
            ExpertNames.Storage.STACKED_INTERLEAVED, "", "experts.gate_up_proj", "experts.down_proj", "", ""));

    @Override
    public String modelType() {
        return "gpt_oss";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("GptOssForCausalLM", "GptOssModel");
    }

    @Override
    public Set<String> quantizations() {
        return Set.of("mxfp4");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        readQuantization(json);
        boolean biased = json.findBoolean("attention_bias", true);
        AttentionConfig attention = keys.heads().withBiases(biased, biased).withSinkScores();
        ExpertKeys.requireOneOf(json, "hidden_act", "silu"); // not read, the activation is fixed
        FfnConfig ffn = keys.ffn("hidden_act", "silu");
        LayerConfig full = LayerConfig.full(attention.scaleByHeadDim(), rotary(json, attention, keys))
                .withExperts(experts(json, ffn.ffnSize()));
        int window = json.findInt("sliding_window", 1, CommonKeys.MAX_SEQ_LEN).orElse(128);
        List<LayerConfig> layers = LayerKinds.read(json, keys.sizes().numLayers(), layer -> layer % 2 == 0)
                .layers(full, full.withWindow(window));
        ModelConfig config = keys.model(modelType(), attention, ffn, layers);
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    /** Which tensors are quantized follows from their names; the list of those that are not is not needed. */
    private static void readQuantization(JsonObject json) throws ModelFormatException {
        Optional<JsonObject> quantization = json.findObject("quantization_config");
        if (quantization.isPresent() && quantization.get().requireString("quant_method").equals("mxfp4")) {
            quantization.get().findBoolean("dequantize", false);
            quantization.get().refuseUnknownKeys(Set.of("modules_to_not_convert"));
        }
    }

    private static RopeConfig rotary(JsonObject json, AttentionConfig attention, LlamaKeys keys)
            throws ModelFormatException {
        boolean isSaid = json.isObject("rope_parameters") || json.isObject("rope_scaling");
        RopeKeys ropeKeys = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen());
        RopeConfig rotary = ropeKeys.read(SPELLING);
        return isSaid
                ? rotary
                : ropeKeys.requireFinite(new RopeConfig(rotary.rotaryDim(), rotary.theta(), UNSAID), SPELLING);
    }

    private static ExpertsConfig experts(JsonObject json, int size) throws ModelFormatException {
        double limit = json.findNumber("swiglu_limit").orElse(SWIGLU_LIMIT);
        if (limit != SWIGLU_LIMIT) {
            throw json.refusal("swiglu_limit", limit + ", only " + SWIGLU_LIMIT + " is supported");
        }
        ExpertKeys experts = ExpertKeys.of(json, "num_local_experts", "num_experts", 128);
        RouterConfig router =
                experts.router("num_experts_per_tok", 4, new RouterConfig.SoftmaxOfChosen()).withBias();
        int alsoChosen = json.findInt("experts_per_token", 1, CommonKeys.MAX_WIDTH).orElse(router.numChosen());
        if (alsoChosen != router.numChosen()) {
            throw json.refusal("experts_per_token",
                    alsoChosen + ", but num_experts_per_tok is " + router.numChosen());
        }
        return ExpertsConfig.of(experts.numExperts(), size, router).withBias(true)
                .withSwiglu(new ClampedSwiglu((float) SWIGLU_ALPHA, (float) SWIGLU_LIMIT));
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
