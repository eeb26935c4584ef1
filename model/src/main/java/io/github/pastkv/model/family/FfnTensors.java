package io.github.pastkv.model.family;

import io.github.pastkv.kernels.WeightMatrix;
import io.github.pastkv.kernels.Xielu;
import io.github.pastkv.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a layer's feed-forward block, as stored. Parts of a list read the same input; their outputs follow
 * each other.
 */
public sealed interface FfnTensors {
    /** All projections. */
    Stream<WeightMatrix> linears();

    /**
     * One block that every token takes.
     *
     * @param up projections to gate {@code [F]} (gated blocks only) and up {@code [F]}, in this order
     * @param down projection {@code [F]} to {@code [E]}
     * @param xielu the activation where it has trained numbers, or null
     */
    record Dense(List<WeightMatrix> up, List<WeightMatrix> down, @Nullable Xielu xielu) implements FfnTensors {
        public Dense {
            up = List.copyOf(up);
            down = List.copyOf(down);
        }

        @Override
        public Stream<WeightMatrix> linears() {
            return Stream.concat(up.stream(), down.stream());
        }
    }

    /**
     * A mixture of experts.
     *
     * @param router projection {@code [E]} to the logits {@code [X]}
     * @param correction added to scores when experts are chosen, {@code [X]}; or null
     * @param experts X blocks
     * @param shared the expert that every token takes, or null
     * @param sharedGate projection {@code [E]} to the number whose sigmoid multiplies the shared expert's output; empty
     *        where nothing does
     */
    record Experts(WeightMatrix router, @Nullable Tensor correction, List<Dense> experts, @Nullable Dense shared,
            List<WeightMatrix> sharedGate) implements FfnTensors {
        public Experts {
            experts = List.copyOf(experts);
            sharedGate = List.copyOf(sharedGate);
        }

        @Override
        public Stream<WeightMatrix> linears() {
            return Stream.concat(alwaysRead(), experts.stream().flatMap(Dense::linears));
        }

        /** The projections that every token takes. */
        public Stream<WeightMatrix> alwaysRead() {
            Stream<WeightMatrix> ofShared = shared == null ? Stream.empty() : shared.linears();
            return Stream.of(Stream.of(router), ofShared, sharedGate.stream()).flatMap(parts -> parts);
        }
    }
}
