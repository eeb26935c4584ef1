package io.github.pastkv.model.family;

import io.github.pastkv.cache.Tensor;
import io.github.pastkv.kernels.LinearPart;
import io.github.pastkv.kernels.WeightType;
import io.github.pastkv.model.files.Checkpoint;
import io.github.pastkv.model.files.ModelFormatException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the tensors of a checkpoint by name and shape, and remembers which were read. */
final class TensorReader {
    private final Checkpoint checkpoint;
    private final String prefix;
    private final boolean holdsInt8;
    private final Set<String> readNames = new HashSet<>();
    private final Map<String, LinearPart> linears = new LinkedHashMap<>();

    /**
     * A reader of a checkpoint whose names may or may not begin with {@code optionalPrefix}.
     *
     * @param knownName a tensor that is surely there, by its name without the prefix; it tells which of the two holds
     */
    TensorReader(Checkpoint checkpoint, String optionalPrefix, String knownName) {
        this(checkpoint, List.of("", optionalPrefix), knownName);
    }

    /** A reader of a checkpoint whose names begin with one of {@code prefixes}, the last if {@code knownName} is missing. */
    TensorReader(Checkpoint checkpoint, List<String> prefixes, String knownName) {
        this.checkpoint = checkpoint;
        this.holdsInt8 = checkpoint.linears() == WeightType.INT8;
        this.prefix = prefixes.stream().filter(each -> checkpoint.names().contains(each + knownName)).findFirst()
                .orElse(prefixes.getLast());
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

    /** The head under a name that never has the prefix, or the embedding where the two are tied. */
    List<LinearPart> head(Tensor embedding, boolean tied, String name) throws ModelFormatException {
        return List.of(tied ? new LinearPart(embedding, null) : linear(name, false, null, embedding.shape()));
    }

    /** Weight and, if {@code biased}, bias of a norm of {@code width} elements. */
    NormTensors norm(String name, int width, boolean biased) throws ModelFormatException {
        return new NormTensors(tensor(name + ".weight", width), biased ? tensor(name + ".bias", width) : null);
    }

    /** A linear part stored as {@code [outputs, inputs]}. */
    LinearPart linear(String name, int outputs, int inputs, boolean biased) throws ModelFormatException {
        Tensor bias = biased ? tensor(name + ".bias", outputs) : null;
        return linear(prefix + name + ".weight", false, bias, outputs, inputs);
    }

    /** A linear part stored as {@code [inputs, outputs]}; its weight is handed out as a transposed view. */
    LinearPart transposedLinear(String name, int outputs, int inputs, boolean biased) throws ModelFormatException {
        Tensor bias = biased ? tensor(name + ".bias", outputs) : null;
        return linear(prefix + name + ".weight", true, bias, inputs, outputs);
    }

    private LinearPart linear(String name, boolean isTransposed, @Nullable Tensor bias, long... shape)
            throws ModelFormatException {
        readNames.add(name);
        Tensor stored = holdsInt8 ? checkpoint.integers(name, shape) : checkpoint.tensor(name, shape);
        Tensor weight = isTransposed ? stored.transpose(0, 1) : stored;
        Tensor scales = holdsInt8 ? unprefixed(name + ModelTensors.SCALES_SUFFIX, weight.shape(0)) : null;
        LinearPart part = new LinearPart(weight, bias, scales);
        linears.put(name, part);
        return part;
    }

    /** What was read as linear weights, by the name of the weight in the file; a tied head is not among them. */
    Map<String, LinearPart> linears() {
        return linears;
    }

    /**
     * Queries, keys and values stored as one and head by head, {@code [H, (query, key, value), D]}: their rows in the order
     * of the forward pass, all heads' queries, then keys, then values. Views, nothing is copied.
     */
    List<LinearPart> interleavedQkv(String name, int numHeads, int headDim, boolean biased)
            throws ModelFormatException {
        int width = numHeads * headDim;
        LinearPart stored = linear(name, 3 * width, width, biased);
        List<LinearPart> parts = new ArrayList<>();
        for (int third = 0; third < 3; third++) {
            for (int head = 0; head < numHeads; head++) {
                long first = (3L * head + third) * headDim;
                parts.add(stored.outputs(first, first + headDim));
            }
        }
        return parts;
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
