package io.github.pastkv.model.families.moe;

import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.tensors.DecoderTensors;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.Set;

/**
 * The multimodal folders of Llama 4, of which the text part is read: settings under {@code text_config}, weights under
 * a further prefix. Images cannot be given.
 */
public final class Llama4 implements Family {
    private static final Set<String> INHERITED =
            Set.of("bos_token_id", "eos_token_id", "pad_token_id", "dtype", "torch_dtype", "tie_word_embeddings");
    private static final Set<String> HARMLESS_KEYS =
            CommonKeys.harmless("vision_config", "boi_token_index", "eoi_token_index", "image_token_index");
    /** The parts that see. */
    private static final String OTHER_PARTS = "(model\\.)?(vision_model|multi_modal_projector)\\..*";
    private static final Llama4Text TEXT = new Llama4Text();

    @Override
    public String modelType() {
        return "llama4";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Llama4ForConditionalGeneration");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        json.findString("model_type");
        json.findStrings("architectures");
        JsonObject text = json.requireObject("text_config").withAbsentFrom(json, INHERITED);
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return TEXT.readConfig(text);
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, Llama4Text.names().ignoring(OTHER_PARTS), weights);
    }
}
