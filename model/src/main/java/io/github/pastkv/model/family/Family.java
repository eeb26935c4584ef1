package io.github.pastkv.model.family;

import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.Set;

/**
 * A model family: the keys of its configuration and the names of its tensors. It has no forward pass of its own;
 * {@link ModelConfig} and {@link ModelTensors} determine what is computed. Stateless.
 */
public interface Family {
    /** The value of {@code model_type} in its {@code config.json}. */
    String modelType();

    /** The values under {@code architectures} that it serves: those with this family's blocks and a language head. */
    Set<String> architectures();

    /** The values of {@code quant_method} under {@code quantization_config} whose weights it reads. */
    default Set<String> quantizations() {
        return Set.of();
    }

    /**
     * Reads {@code config.json}.
     *
     * @throws ModelFormatException if a key is missing, of the wrong type, out of range, in contradiction to another,
     *         or unknown and not null, false or empty
     */
    ModelConfig readConfig(JsonObject json) throws ModelFormatException;

    /**
     * Finds the weights; the tensors are views and belong to {@code weights}.
     *
     * @throws ModelFormatException if a tensor is missing, of another shape than {@code config} asks, or unknown
     */
    ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException;
}
