package io.github.pastkv.model.families.moe;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.config.ExpertsConfig.SharedExpert;
import io.github.pastkv.model.config.FfnConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.config.RouterConfig;
import io.github.pastkv.model.families.keys.ExpertKeys;
import io.github.pastkv.model.families.keys.LatentKeys;
import io.github.pastkv.model.families.keys.LlamaKeys;
import io.github.pastkv.model.families.tensors.DecoderNames;
import io.github.pastkv.model.families.tensors.DecoderTensors;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.Collections;
import java.util.OptionalInt;
import java.util.Set;

/** DeepSeek V2: latent attention, experts chosen by softmax, perhaps within the best groups. */
public final class DeepSeekV2 implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(2048, OptionalInt.empty(), OptionalInt.empty(), 1e-6, false);
    private static final Set<String> HARMLESS_KEYS = ExpertKeys.harmless();
    private static final DecoderNames NAMES = new DecoderNames().qkv(DecoderNames.Qkv.LATENT, "");

    @Override
    public String modelType() {
        return "deepseek_v2";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("DeepseekV2ForCausalLM", "DeepseekV2Model");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        LatentKeys latents = new LatentKeys(json);
        AttentionConfig heads = latents.heads(false);
        RopeConfig rotary = latents.rotary(keys.sizes().maxSeqLen()).interleaved();
        ExpertKeys.requireOneOf(json, "scoring_func", "softmax");
        json.findInt("moe_layer_freq", 1, 1);
        if (json.findBoolean("norm_topk_prob", false)) {
            throw json.refusal("norm_topk_prob", "true, but weights of DeepSeek V2 are not normalized in transformers");
        }
        boolean biased = json.findBoolean("mlp_bias", false);
        ExpertKeys experts = ExpertKeys.of(json, "n_routed_experts", "num_local_experts", 64);
        int size = experts.size("moe_intermediate_size", 1407);
        SharedExpert shared = experts.shared("n_shared_experts", 2, size);
        LayerConfig layer = LayerConfig.full(LatentKeys.scoreScale(heads, rotary), rotary);
        FfnConfig ffn = keys.ffn("hidden_act", "silu");
        ModelConfig config = keys.model(modelType(), heads,
                new FfnConfig(ffn.ffnSize(), ffn.activation(), true, biased),
                ExpertKeys.layers(Collections.nCopies(keys.sizes().numLayers(), layer),
                        ExpertsConfig.of(experts.numExperts(), size, router(json, experts))
                                .withShared(new SharedExpert(shared.size(), biased, false)),
                        experts.fromFirstSparseLayer(0)));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    /** A group counts by its best expert. */
    private static RouterConfig router(JsonObject json, ExpertKeys experts) throws ModelFormatException {
        ExpertKeys.requireOneOf(json, "topk_method", "greedy", "group_limited_greedy");
        RouterConfig router = experts.router("num_experts_per_tok", 6, new RouterConfig.Softmax())
                .withScale((float) json.findPositive("routed_scaling_factor").orElse(1.0));
        if (json.findString("topk_method").orElse("greedy").equals("greedy")) {
            json.findInt("n_group", 1, Integer.MAX_VALUE);
            json.findInt("topk_group", 1, Integer.MAX_VALUE);
            return router;
        }
        return router.withChoice(new RouterConfig.Choice(false, experts.groups(router.numChosen(), 1)));
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
