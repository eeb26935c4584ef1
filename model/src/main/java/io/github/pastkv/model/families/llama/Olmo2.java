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
import java.util.OptionalInt;
import java.util.Set;

/** OLMo 2: Llama with norms after the blocks instead of before, and norms over all queries and all keys of a token. */
public final class Olmo2 implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(2048, OptionalInt.empty(), OptionalInt.empty(), 1e-5, false);
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("attention_dropout");

    @Override
    public String modelType() {
        return "olmo2";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Olmo2ForCausalLM", "Olmo2Model");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean biased = json.findBoolean("attention_bias", false);
        AttentionConfig attention = keys.heads().withBiases(biased, biased);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL);
        ModelConfig config = keys.model(modelType(), attention, keys.ffn("hidden_act", "silu"),
                LayerConfig.equal(keys.sizes().numLayers(), attention.scaleByHeadDim(), rotary));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return LlamaTensors.read(config, LlamaTensors.Form.OLMO, weights);
    }
}
