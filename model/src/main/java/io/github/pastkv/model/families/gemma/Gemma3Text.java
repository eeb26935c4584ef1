package io.github.pastkv.model.families.gemma;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.keys.LayerKinds;
import io.github.pastkv.model.families.keys.RopeKeys;
import io.github.pastkv.model.families.tensors.LlamaTensors;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The text part of Gemma 3: norms of each query and key head, sliding windows in all layers but every sixth, and
 * another RoPE base in windowed layers.
 */
public final class Gemma3Text implements Family {
    private static final int DEFAULT_MAX_SEQ_LEN = 131072;
    private static final int DEFAULT_PATTERN = 6;
    private static final RopeKeys.Spelling GLOBAL = RopeKeys.Spelling.USUAL.withTheta("rope_theta", 1_000_000);
    private static final RopeKeys.Spelling LOCAL =
            RopeKeys.Spelling.USUAL.withTheta("rope_local_base_freq", 10_000);

    static final LlamaTensors.Form FORM = LlamaTensors.Form.GEMMA.with(LlamaTensors.HeadNorms.EACH);
    /** Multimodal folders leave out what is so in the 4B model. */
    private static final Map<String, Integer> DEFAULT_SIZES = Map.of("num_hidden_layers", 26, "hidden_size", 2304,
            "vocab_size", 262208, "num_attention_heads", 8, "intermediate_size", 9216);

    @Override
    public String modelType() {
        return "gemma3_text";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Gemma3ForCausalLM", "Gemma3TextModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        Gemma gemma = new Gemma(json, DEFAULT_MAX_SEQ_LEN, DEFAULT_SIZES);
        AttentionConfig attention = gemma.attention(0);
        return gemma.model(modelType(), attention, layers(json, gemma, attention.headDim()), 0);
    }

    private static List<LayerConfig> layers(JsonObject json, Gemma gemma, int headDim) throws ModelFormatException {
        RopeKeys rotary = new RopeKeys(json, headDim, gemma.sizes().maxSeqLen());
        Optional<JsonObject> parameters = json.findObject("rope_parameters");
        Optional<JsonObject> older = rotary.olderSettings(parameters);
        Optional<JsonObject> global = parameters.isPresent() ? parameters.get().findObject("full_attention") : older;
        Optional<JsonObject> local =
                parameters.isPresent() ? parameters.get().findObject("sliding_attention") : Optional.empty();
        if (parameters.isPresent()) {
            requireNothingOuter(parameters.get());
        }
        RopeConfig globalRotary = rotary.read(global, GLOBAL);
        RopeConfig localRotary = rotary.read(local, LOCAL);
        int pattern = json.findInt("_sliding_window_pattern", 1, CommonKeys.MAX_LAYERS)
                .orElse(json.findInt("sliding_window_pattern", 1, CommonKeys.MAX_LAYERS).orElse(DEFAULT_PATTERN));
        LayerKinds kinds = LayerKinds.read(json, gemma.sizes().numLayers(), layer -> (layer + 1) % pattern != 0);
        return kinds.layers(LayerConfig.full(gemma.scoreScale(), globalRotary),
                LayerConfig.full(gemma.scoreScale(), localRotary).withWindow(gemma.window()));
    }

    /** Files of models without full layers repeat the default type beside the settings of each kind. */
    private static void requireNothingOuter(JsonObject parameters) throws ModelFormatException {
        String type = parameters.findString("rope_type").orElse("default");
        if (!type.equals("default")) {
            throw parameters.refusal("rope_type", "\"" + type + "\", must be said of a kind of layer");
        }
        parameters.refuseUnknownKeys(Set.of());
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return LlamaTensors.read(config, FORM, weights);
    }
}
