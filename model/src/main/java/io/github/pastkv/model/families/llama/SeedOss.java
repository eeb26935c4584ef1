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

/**
 * Seed-OSS: Llama with separate switches for the biases of the input projections, the output projection and the
 * feed-forward block.
 */
public final class SeedOss implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(524288, OptionalInt.of(8), OptionalInt.of(128), 1e-6, false);
    private static final Set<String> HARMLESS_KEYS =
            CommonKeys.harmless("attention_dropout", "residual_dropout", "pretraining_tp");
    private static final DecoderNames NAMES = new DecoderNames();

    @Override
    public String modelType() {
        return "seed_oss";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("SeedOssForCausalLM", "SeedOssModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        AttentionConfig attention = keys.heads().withBiases(json.findBoolean("attention_bias", true),
                json.findBoolean("attention_out_bias", false));
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL);
        ModelConfig config = keys.model(modelType(), attention,
                keys.ffn("hidden_act", "silu").withBias(json.findBoolean("mlp_bias", false)),
                LayerConfig.equal(keys.sizes().numLayers(), attention.scaleByHeadDim(), rotary));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
