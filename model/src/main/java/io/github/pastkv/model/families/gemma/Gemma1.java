package io.github.pastkv.model.families.gemma;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.EmbeddingConfig;
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

/** Gemma 1: Llama with norm weights stored minus 1 and embeddings scaled by sqrt(E). */
public final class Gemma1 implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(8192, OptionalInt.of(16), OptionalInt.of(256), 1e-6, true);
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("attention_dropout", "hidden_activation");
    private static final DecoderNames NAMES = new DecoderNames();

    @Override
    public String modelType() {
        return "gemma";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("GemmaForCausalLM", "GemmaModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean biased = json.findBoolean("attention_bias", false);
        AttentionConfig attention = keys.heads().withBiases(biased, biased);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL);
        ModelConfig config = keys.model(modelType(), attention, keys.ffn("hidden_act", "gelu_pytorch_tanh"),
                LayerConfig.equal(keys.sizes().numLayers(), attention.scaleByHeadDim(), rotary))
                .withNorm(keys.norm(1f))
                .withEmbedding(EmbeddingConfig.plain(keys.sizes().hiddenSize())
                        .withScale((float) Math.sqrt(keys.sizes().hiddenSize())));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
