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

/**
 * Qwen 1.5 to 2.5: Llama with biases of queries, keys and values, and sliding windows in its later layers if
 * configured.
 */
public final class Qwen2 implements Family {
    @Override
    public String modelType() {
        return "qwen2";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Qwen2ForCausalLM", "Qwen2Model");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = Qwen.keys(json, OptionalInt.empty());
        return Qwen.config(json, keys, modelType(), keys.heads().withBiases(true, false));
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return LlamaTensors.read(config, LlamaTensors.Form.LLAMA, weights);
    }
}
