package io.github.pastkv.model.families.llama;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.FfnConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.keys.LlamaKeys;
import io.github.pastkv.model.families.keys.RopeKeys;
import io.github.pastkv.model.families.tensors.LlamaTensors;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Llama 1 to 3 and what shares its blocks (TinyLlama, SmolLM): RMS norm, rotary positions, grouped heads, a gated
 * feed-forward block, tied or untied head. Names may lack the prefix {@code model.}.
 */
public final class Llama implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(2048, OptionalInt.empty(), OptionalInt.empty(), 1e-6, false);
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("attention_dropout", "pretraining_tp",
            "max_sequence_length", "is_llama_config", "hidden_dropout", "embd_pdrop", "resid_pdrop");

    @Override
    public String modelType() {
        return "llama";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("LlamaForCausalLM", "LLaMAForCausalLM", "LlamaModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean biased = json.findBoolean("attention_bias", false);
        AttentionConfig attention = keys.heads().withBiases(biased, biased);
        FfnConfig ffn = keys.ffn("hidden_act", "silu").withBias(json.findBoolean("mlp_bias", false));
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL);
        ModelConfig config = keys.model(modelType(), attention, ffn,
                LayerConfig.equal(keys.sizes().numLayers(), attention.scaleByHeadDim(), rotary));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return LlamaTensors.read(config, LlamaTensors.Form.LLAMA, weights);
    }
}
