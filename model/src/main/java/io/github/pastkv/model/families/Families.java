package io.github.pastkv.model.families;

import io.github.pastkv.model.families.gemma.Gemma1;
import io.github.pastkv.model.families.gemma.Gemma2;
import io.github.pastkv.model.families.gemma.Gemma3;
import io.github.pastkv.model.families.gemma.Gemma3Text;
import io.github.pastkv.model.families.gpt.BioGpt;
import io.github.pastkv.model.families.gpt.Bloom;
import io.github.pastkv.model.families.gpt.CodeGen;
import io.github.pastkv.model.families.gpt.Falcon;
import io.github.pastkv.model.families.gpt.Gpt2;
import io.github.pastkv.model.families.gpt.GptBigCode;
import io.github.pastkv.model.families.gpt.GptJ;
import io.github.pastkv.model.families.gpt.GptNeo;
import io.github.pastkv.model.families.gpt.GptNeoX;
import io.github.pastkv.model.families.gpt.Mpt;
import io.github.pastkv.model.families.gpt.Opt;
import io.github.pastkv.model.families.gpt.Xglm;
import io.github.pastkv.model.families.llama.Apertus;
import io.github.pastkv.model.families.llama.Arcee;
import io.github.pastkv.model.families.llama.Cohere;
import io.github.pastkv.model.families.llama.Cohere2;
import io.github.pastkv.model.families.llama.Ernie45;
import io.github.pastkv.model.families.llama.Exaone4;
import io.github.pastkv.model.families.llama.Glm;
import io.github.pastkv.model.families.llama.Glm4;
import io.github.pastkv.model.families.llama.Granite;
import io.github.pastkv.model.families.llama.Helium;
import io.github.pastkv.model.families.llama.HunYuanDense;
import io.github.pastkv.model.families.llama.Llama;
import io.github.pastkv.model.families.llama.Mistral;
import io.github.pastkv.model.families.llama.Nemotron;
import io.github.pastkv.model.families.llama.Olmo;
import io.github.pastkv.model.families.llama.Olmo2;
import io.github.pastkv.model.families.llama.Olmo3;
import io.github.pastkv.model.families.llama.Phi;
import io.github.pastkv.model.families.llama.Phi3;
import io.github.pastkv.model.families.llama.Qwen2;
import io.github.pastkv.model.families.llama.Qwen3;
import io.github.pastkv.model.families.llama.SeedOss;
import io.github.pastkv.model.families.llama.SmolLm3;
import io.github.pastkv.model.families.llama.StableLm;
import io.github.pastkv.model.families.llama.Starcoder2;
import io.github.pastkv.model.families.moe.DeepSeekV2;
import io.github.pastkv.model.families.moe.DeepSeekV3;
import io.github.pastkv.model.families.moe.Dots1;
import io.github.pastkv.model.families.moe.Ernie45Moe;
import io.github.pastkv.model.families.moe.Glm4Moe;
import io.github.pastkv.model.families.moe.GptOss;
import io.github.pastkv.model.families.moe.GraniteMoe;
import io.github.pastkv.model.families.moe.Llama4;
import io.github.pastkv.model.families.moe.Llama4Text;
import io.github.pastkv.model.families.moe.LongCatFlash;
import io.github.pastkv.model.families.moe.Mixtral;
import io.github.pastkv.model.families.moe.Olmoe;
import io.github.pastkv.model.families.moe.PhiMoe;
import io.github.pastkv.model.families.moe.Qwen2Moe;
import io.github.pastkv.model.families.moe.Qwen3Moe;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** All supported families. */
public final class Families {
    private static final List<Family> ALL = List.of(new Gpt2(), new GptNeo(), new GptNeoX(), new Opt(), new Bloom(),
            new Llama(), new Mistral(), new Qwen2(), new Qwen3(), new Gemma2(), new Gemma3(), new Gemma3Text(),
            new Phi3(),
            new Olmo2(), new Gemma1(), new GptJ(), new CodeGen(), new GptBigCode(), new Falcon(), new Mpt(), new Xglm(),
            new BioGpt(), new Phi(), new StableLm(), new Starcoder2(), new Cohere(), new Cohere2(), new Granite(),
            new SmolLm3(), new Glm(), new Glm4(), new Olmo(), new Olmo3(), new Exaone4(), new Ernie45(),
            new HunYuanDense(), new Apertus(), new Nemotron(), new SeedOss(), new Arcee(), new Helium(),
            new Mixtral(), new Qwen2Moe(), new Qwen3Moe(), new Olmoe(), new GraniteMoe(), new Dots1(), new Glm4Moe(),
            new Ernie45Moe(), new PhiMoe(), new GptOss(), new Llama4Text(), new Llama4(), new DeepSeekV2(),
            new DeepSeekV3("deepseek_v3"), new DeepSeekV3("kimi_k2"), new LongCatFlash());

    private static final List<String> QUANTIZATION_KEYS =
            List.of("quantization_config", "quantization", "compression_config");

    private Families() {}

    /** All families. */
    public static List<Family> all() {
        return ALL;
    }

    /**
     * The family of a {@code config.json}, by its {@code architectures} and {@code model_type}; one of them may be
     * absent.
     */
    public static Family of(JsonObject config) throws ModelFormatException {
        List<String> architectures = config.findStrings("architectures");
        Optional<String> modelType = config.findString("model_type");
        for (Family family : ALL) {
            boolean typeAgrees = modelType.isEmpty() || modelType.get().equals(family.modelType());
            boolean architectureAgrees = architectures.stream().anyMatch(family.architectures()::contains);
            if (typeAgrees && (architectureAgrees || (architectures.isEmpty() && modelType.isPresent()))) {
                requireFloats(config, family);
                return family;
            }
        }
        throw refusal(config, architectures, modelType);
    }

    /** Other libraries' quantized weights are no floats, and would be refused tensor by tensor. */
    private static void requireFloats(JsonObject config, Family family) throws ModelFormatException {
        for (String key : QUANTIZATION_KEYS) {
            if (config.isUnknown(key) && !reads(family, config, key)) {
                throw config.refusal(key, config.describe(key) + ", weights quantized by another library are not "
                        + "supported; take the model in F32, F16 or BF16 (--allow-config " + key
                        + " reads its tensors as they are)");
            }
        }
    }

    private static boolean reads(Family family, JsonObject config, String key) throws ModelFormatException {
        Optional<JsonObject> settings = family.quantizations().isEmpty() || !config.isObject(key) ? Optional.empty()
                : config.findObject(key);
        return settings.isPresent()
                && settings.get().findString("quant_method").filter(family.quantizations()::contains).isPresent();
    }

    private static ModelFormatException refusal(JsonObject config, List<String> architectures,
            Optional<String> modelType) {
        Optional<Family> ofType =
                ALL.stream().filter(family -> family.modelType().equals(modelType.orElse(""))).findFirst();
        if (ofType.isPresent()) {
            return config.refusal("architectures", architectures + " with model_type " + modelType.get()
                    + ", must be one of " + ofType.get().architectures().stream().sorted().toList());
        }
        return config.refusal(modelType.isPresent() ? "model_type" : "architectures",
                (modelType.isPresent() ? "\"" + modelType.get() + "\"" : architectures.toString())
                        + " is not supported; supported are "
                        + ALL.stream().map(Family::modelType).sorted().collect(Collectors.joining(", "))
                        + " (docs/models.md tells how to add one)");
    }
}
