package io.github.pastkv.kernels;

import io.github.pastkv.cache.Tensor;
import java.util.List;

/** Checks that every packing of {@link LinearPart}s needs. */
public final class LinearParts {
    private LinearParts() {}

    /** The first weight, after checking that all have its type and inputs. */
    public static Tensor requireMatching(List<LinearPart> parts) {
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("parts: none, at least one is needed");
        }
        Tensor first = parts.getFirst().weight();
        for (LinearPart part : parts) {
            Tensor weight = part.weight();
            if (weight.dataType() != first.dataType() || weight.shape(1) != first.shape(1)) {
                throw new IllegalArgumentException("parts: " + weight + " beside " + first
                        + ", type and inputs must agree");
            }
        }
        return first;
    }

    /** Outputs of all parts together. */
    public static int numOutputs(List<LinearPart> parts) {
        return Math.toIntExact(parts.stream().mapToLong(part -> part.weight().shape(0)).sum());
    }
}
