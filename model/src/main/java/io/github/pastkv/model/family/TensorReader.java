package io.github.pastkv.model.family;

import io.github.pastkv.cache.Tensor;
import io.github.pastkv.kernels.LinearPart;
import io.github.pastkv.model.files.Checkpoint;
import io.github.pastkv.model.files.ModelFormatException;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Reads the tensors of a checkpoint by name and shape, and remembers which were read. */
final class TensorReader {
    private final Checkpoint checkpoint;
    private final String prefix;
    private final Set<String> readNames = new HashSet<>();

    /**
     * A reader of a checkpoint whose names may or may not begin with {@code optionalPrefix}.
     *
     * @param knownName a tensor that is surely there, by its name without the prefix; it tells which of the two holds
     */
    TensorReader(Checkpoint checkpoint, String optionalPrefix, String knownName) {
        this.checkpoint = checkpoint;
        this.prefix = checkpoint.names().contains(knownName) ? "" : optionalPrefix;
    }

    /** A tensor of the given shape, its name without the prefix. */
    Tensor tensor(String name, long... shape) throws ModelFormatException {
        return unprefixed(prefix + name, shape);
    }

    /** A tensor of the given shape that never has the prefix. */
    Tensor unprefixed(String name, long... shape) throws ModelFormatException {
        readNames.add(name);
        return checkpoint.tensor(name, shape);
    }

    /** Weight and, if {@code biased}, bias of a norm of {@code width} elements. */
    NormTensors norm(String name, int width, boolean biased) throws ModelFormatException {
        return new NormTensors(tensor(name + ".weight", width), biased ? tensor(name + ".bias", width) : null);
    }

    /** A linear part stored as {@code [outputs, inputs]}. */
    LinearPart linear(String name, int outputs, int inputs, boolean biased) throws ModelFormatException {
        Tensor weight = tensor(name + ".weight", outputs, inputs);
        return new LinearPart(weight, biased ? tensor(name + ".bias", outputs) : null);
    }

    /** A linear part stored as {@code [inputs, outputs]}; its weight is handed out as a transposed view. */
    LinearPart transposedLinear(String name, int outputs, int inputs, boolean biased) throws ModelFormatException {
        Tensor weight = tensor(name + ".weight", inputs, outputs).transpose(0, 1);
        return new LinearPart(weight, biased ? tensor(name + ".bias", outputs) : null);
    }

    /** Refuses tensors that were not read and whose names without the prefix do not match {@code ignoredNames}. */
    void refuseUnknown(Pattern ignoredNames) throws ModelFormatException {
        Predicate<String> ignored = name -> ignoredNames
                .matcher(name.startsWith(prefix) ? name.substring(prefix.length()) : name).matches();
        for (String name : checkpoint.names().stream().sorted().toList()) {
            if (!readNames.contains(name) && !ignored.test(name)) {
                throw new ModelFormatException(checkpoint.fileOf(name),
                        "tensor " + name + ": the configuration has no place for it");
            }
        }
    }
}
