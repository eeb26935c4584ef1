package io.github.pastkv.model.families.gemma;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.families.keys.LayerKinds;
import io.github.pastkv.model.families.keys.RopeKeys;
import io.github.pastkv.model.families.tensors.LlamaTensors;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.Map;
import java.util.Set;

/** Gemma 2: soft caps on scores and logits, and a sliding window in every second layer, beginning with the first. */
public final class Gemma2 implements Family {
    private static final int DEFAULT_MAX_SEQ_LEN = 8192;
    private static final double DEFAULT_SCORE_CAP = 50;
    private static final double DEFAULT_LOGIT_CAP = 30;

    @Override
    public String modelType() {
        return "gemma2";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Gemma2ForCausalLM", "Gemma2Model");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        Gemma gemma = new Gemma(json, DEFAULT_MAX_SEQ_LEN, Map.of());
        AttentionConfig attention = gemma.attention(DEFAULT_SCORE_CAP);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), gemma.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL);
        LayerConfig full = LayerConfig.full(gemma.scoreScale(), rotary);
        LayerKinds kinds = LayerKinds.read(json, gemma.sizes().numLayers(), layer -> layer % 2 == 0);
        return gemma.model(modelType(), attention, kinds.layers(full, full.withWindow(gemma.window())),
                DEFAULT_LOGIT_CAP);
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return LlamaTensors.read(config, LlamaTensors.Form.GEMMA, weights);
    }
}
