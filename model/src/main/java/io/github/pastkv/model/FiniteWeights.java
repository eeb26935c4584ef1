package io.github.pastkv.model;

import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;

/**
 * Rejects weights that are infinite or NaN, as such a model would only compute NaN. Reads all weights once, as packing
 * does afterward.
 */
final class FiniteWeights {
    private FiniteWeights() {}

    /** Rejects the first tensor of the model that contains such a number. */
    static void require(ModelTensors tensors, WeightSource weights) throws ModelFormatException {
        for (String name : tensors.names().stream().sorted().toList()) {
            if (!weights.isFinite(name)) {
                throw new ModelFormatException(weights.fileOf(name),
                        "tensor " + name + ": holds a number that is infinite or not a number (NaN)");
            }
        }
    }
}
