package io.github.pastkv.model.families.llama;

import io.github.pastkv.model.config.AttentionConfig;
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
import java.util.Collections;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Phi 3 and 4: Llama with fused projections, RoPE over part of a head in some, LongRoPE for long contexts, and one
 * window in all layers or none.
 */
public final class Phi3 implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(4096, OptionalInt.empty(), OptionalInt.empty(), 1e-5, false);
    /** Early files call LongRoPE by the name of what it was before. */
    private static final RopeKeys.Spelling SPELLING =
            RopeKeys.Spelling.USUAL.withAliases(Map.of("su", "longrope", "yarn", "longrope"));
    private static final Set<String> HARMLESS_KEYS =
            CommonKeys.harmless("attention_dropout", "embd_pdrop", "resid_pdrop", "full_attn_mod",
                    "interpolate_factor");

    @Override
    public String modelType() {
        return "phi3";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Phi3ForCausalLM", "Phi3Model");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        AttentionConfig attention = keys.heads();
        RopeKeys rotaryKeys = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen());
        RopeConfig rotary = rotaryKeys.withOriginalMaxSeqLen(4096).read(SPELLING);
        int window = json.findInt("sliding_window", 1, CommonKeys.MAX_SEQ_LEN).orElse(0);
        LayerConfig layer = LayerConfig.full(attention.scaleByHeadDim(), rotary).withWindow(window);
        ModelConfig config = keys.model(modelType(), attention, keys.ffn("hidden_act", "silu"),
                Collections.nCopies(keys.sizes().numLayers(), layer));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return LlamaTensors.read(config, LlamaTensors.Form.LLAMA.withFusedParts(), weights);
    }
}
