package io.github.pastkv.model.families.moe;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.config.FfnConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.config.RouterConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.keys.ExpertKeys;
import io.github.pastkv.model.families.keys.LatentKeys;
import io.github.pastkv.model.families.keys.LlamaKeys;
import io.github.pastkv.model.families.tensors.DecoderNames;
import io.github.pastkv.model.families.tensors.DecoderTensors;
import io.github.pastkv.model.families.tensors.ExpertNames;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.Collections;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * LongCat-Flash: latent attention with scaled latents, and experts of which some give what they read. A stored layer is
 * two layers here, each with attention and a dense block; its experts are a shortcut from the first past the second.
 */
public final class LongCatFlash implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(131072, OptionalInt.empty(), OptionalInt.empty(), 1e-5, false);
    private static final Set<String> HARMLESS_KEYS = ExpertKeys.harmless("num_nextn_predict_layers");

    @Override
    public String modelType() {
        return "longcat_flash";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("LongcatFlashForCausalLM", "LongcatFlashModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS).withNumLayers(numLayers(json));
        LatentKeys latents = new LatentKeys(json);
        AttentionConfig heads = latents.scaledHeads(keys.sizes().hiddenSize());
        RopeConfig rotary = latents.rotary(keys.sizes().maxSeqLen()).interleaved();
        ExpertKeys.requireOneOf(json, "attention_method", "MLA");
        FfnConfig ffn = new FfnConfig(json.findInt("ffn_hidden_size", 1, CommonKeys.MAX_WIDTH).orElse(12288),
                CommonKeys.activation(json, "hidden_act", "silu"), true, false);
        ExpertsConfig experts = experts(json);
        ModelConfig config = keys.model(modelType(), heads, ffn, ExpertKeys.layers(
                Collections.nCopies(keys.sizes().numLayers(),
                        LayerConfig.full(LatentKeys.scoreScale(heads, rotary), rotary)),
                experts, layer -> layer % 2 == 0));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    /** Twice {@code num_layers}. {@code num_hidden_layers} may say anything, as transformers writes over it. */
    private static int numLayers(JsonObject json) throws ModelFormatException {
        json.findInt("num_hidden_layers", 1, CommonKeys.MAX_LAYERS);
        return 2 * json.findInt("num_layers", 1, CommonKeys.MAX_LAYERS / 2).orElse(28);
    }

    private static ExpertsConfig experts(JsonObject json) throws ModelFormatException {
        ExpertKeys blocks = ExpertKeys.of(json, "n_routed_experts", 512);
        ExpertKeys.requireOneOf(json, "zero_expert_type", "identity");
        int numIdentity = json.isNull("zero_expert_num") ? 0
                : json.findInt("zero_expert_num", 0, CommonKeys.MAX_WIDTH).orElse(256);
        if (json.findBoolean("norm_topk_prob", false)) {
            throw json.refusal("norm_topk_prob",
                    "true, but weights of LongCat-Flash are not normalized in transformers");
        }
        RouterConfig router = blocks.withIdentity(numIdentity).router("moe_topk", 12, new RouterConfig.Softmax())
                .withChoice(new RouterConfig.Choice(true, null))
                .withScale((float) json.findPositive("routed_scaling_factor").orElse(6.0));
        return ExpertsConfig.of(blocks.numExperts() + numIdentity, blocks.size("expert_ffn_hidden_size", 2048),
                json.findBoolean("router_bias", false) ? router.withBias() : router)
                .withIdentity(numIdentity).asShortcut();
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, names(Objects.requireNonNull(config.experts())), weights);
    }

    /** Not read: layers that predict further tokens, and what transformers stores for experts that are no blocks. */
    private static DecoderNames names(ExpertsConfig experts) {
        String identity = IntStream.range(experts.numBlocks(), experts.numExperts()).mapToObj(String::valueOf)
                .collect(Collectors.joining("|"));
        return new DecoderNames().qkv(DecoderNames.Qkv.LATENT, "").pairedLayers()
                .blocks("layers.", "self_attn.", "mlps.").experts(ExpertNames.LONGCAT)
                .ignoring("mtp\\..*|layers\\.\\d+\\.mlp\\.experts\\.(" + identity + ")\\.(gate|up)_proj\\.weight");
    }
}
