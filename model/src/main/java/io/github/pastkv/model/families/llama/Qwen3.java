package io.github.pastkv.model.families.llama;

import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.families.keys.LlamaKeys;
import io.github.pastkv.model.families.tensors.LlamaTensors;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.OptionalInt;
import java.util.Set;

/** Qwen 3, dense: Qwen 2 without biases, with a norm of each query and key head before RoPE. */
public final class Qwen3 implements Family {
    private static final int DEFAULT_HEAD_DIM = 128;

    @Override
    public String modelType() {
        return "qwen3";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Qwen3ForCausalLM", "Qwen3Model");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = Qwen.keys(json, OptionalInt.of(DEFAULT_HEAD_DIM));
        boolean biased = json.findBoolean("attention_bias", false);
        return Qwen.config(json, keys, modelType(), keys.heads().withBiases(biased, biased));
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return LlamaTensors.read(config, LlamaTensors.Form.LLAMA.with(LlamaTensors.HeadNorms.EACH), weights);
    }
}
