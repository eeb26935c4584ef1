package io.github.pastkv.model.families.llama;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.keys.LlamaKeys;
import io.github.pastkv.model.families.keys.RopeKeys;
import io.github.pastkv.model.families.tensors.DecoderNames;
import io.github.pastkv.model.families.tensors.DecoderTensors;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.OptionalInt;
import java.util.Set;

/** ERNIE 4.5, dense: Llama with interleaved RoPE and one switch for all biases. */
public final class Ernie45 implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(131072, OptionalInt.of(2), OptionalInt.of(128), 1e-5, true);
    private static final Set<String> HARMLESS_KEYS =
            CommonKeys.harmless("attention_dropout", "compression_ratio", "weight_share_add_bias");
    private static final DecoderNames NAMES = new DecoderNames();

    @Override
    public String modelType() {
        return "ernie4_5";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Ernie4_5ForCausalLM", "Ernie4_5Model");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean biased = json.findBoolean("use_bias", false);
        AttentionConfig attention = keys.heads().withBiases(biased, biased);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL).interleaved();
        ModelConfig config = keys.model(modelType(), attention, keys.ffn("hidden_act", "silu").withBias(biased),
                LayerConfig.equal(keys.sizes().numLayers(), attention.scaleByHeadDim(), rotary));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
