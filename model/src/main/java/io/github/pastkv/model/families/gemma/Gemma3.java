package io.github.pastkv.model.families.gemma;

import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.tensors.LlamaTensors;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The multimodal folders of Gemma 3, of which the text model is read: settings under {@code text_config}, weights under
 * another prefix. Image input is not supported.
 */
public final class Gemma3 implements Family {
    private static final Set<String> INHERITED =
            Set.of("bos_token_id", "eos_token_id", "pad_token_id", "dtype", "torch_dtype", "tie_word_embeddings");
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("vision_config", "boi_token_index",
            "eoi_token_index", "image_token_index", "image_token_id", "boi_token_id", "eoi_token_id",
            "mm_tokens_per_image", "video_token_id");
    /** The parts that see. */
    private static final Pattern OTHER_PARTS = Pattern.compile("(model\\.)?(vision_tower|multi_modal_projector)\\..*");
    private static final Gemma3Text TEXT = new Gemma3Text();

    @Override
    public String modelType() {
        return "gemma3";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Gemma3ForConditionalGeneration", "Gemma3Model");
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
        return LlamaTensors.read(config, Gemma3Text.FORM, weights, OTHER_PARTS);
    }
}
