package io.github.pastkv.lens;

import io.github.pastkv.tensor.Tensor;
import java.util.List;

/**
 * A stack of vectors in the residual stream: states of the stream, or components that add up to one.
 *
 * @param labels what each is, in TransformerLens' words: {@code 0_pre}, {@code 3_attn_out}, {@code L2H5}
 * @param components {@code [C, B, N, E]}
 */
public record ResidualStack(List<String> labels, Tensor components) {
    public ResidualStack {
        labels = List.copyOf(labels);
        if (components.rank() != 4 || components.shape(0) != labels.size()) {
            throw new IllegalArgumentException(
                    "components: " + components.typeAndShape() + ", must be [" + labels.size()
                            + ", B, N, E]");
        }
    }

    /** One of them, {@code [B, N, E]}. */
    public Tensor get(String label) {
        int index = labels.indexOf(label);
        if (index < 0) {
            throw new IllegalArgumentException("label: '" + label + "' is not among " + labels);
        }
        return get(index);
    }

    /** One of them, {@code [B, N, E]}. */
    public Tensor get(int index) {
        Tensor component = components.narrow(0, index, index + 1L);
        return component.reshape(components.shape(1), components.shape(2), components.shape(3));
    }

    /** The sum of all, {@code [B, N, E]}, in order. */
    public Tensor sum() {
        return components.sum(0);
    }
}
