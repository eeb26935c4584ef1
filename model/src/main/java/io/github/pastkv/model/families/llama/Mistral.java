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
import java.util.OptionalInt;
import java.util.Set;

/** Mistral: Llama with one window in all layers. */
public final class Mistral implements Family {
    private static final int DEFAULT_WINDOW = 4096;
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(131072, OptionalInt.of(8), OptionalInt.empty(), 1e-6, false);
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("attention_dropout");

    @Override
    public String modelType() {
        return "mistral";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("MistralForCausalLM", "MistralModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        AttentionConfig attention = keys.heads();
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL);
        LayerConfig layer = LayerConfig.full(attention.scaleByHeadDim(), rotary).withWindow(window(json));
        ModelConfig config = keys.model(modelType(), attention, keys.ffn("hidden_act", "silu"),
                Collections.nCopies(keys.sizes().numLayers(), layer));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    /** Null says that there is none, which an absent key does not. */
    private static int window(JsonObject json) throws ModelFormatException {
        OptionalInt stated = json.findInt("sliding_window", 1, CommonKeys.MAX_SEQ_LEN);
        return json.isNull("sliding_window") ? 0 : stated.orElse(DEFAULT_WINDOW);
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return LlamaTensors.read(config, LlamaTensors.Form.LLAMA, weights);
    }
}
