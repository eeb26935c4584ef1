package io.github.pastkv.model.family;

import io.github.pastkv.kernels.Xielu;
import io.github.pastkv.kernels.weights.WeightMatrix;
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

    /** The block that every token takes in place of experts or beside them; null where there is none. */
    @Nullable
    Dense dense();

    /** The experts; null where there are none. */
    @Nullable
    Experts mixture();

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

        @Override
        public Dense dense() {
            return this;
        }

        @Override
        public @Nullable Experts mixture() {
            return null;
        }
    }

    /**
     * A mixture of experts.
     *
     * @param router projection {@code [E]} to the logits {@code [X]}
     * @param correction added to scores when experts are chosen, {@code [X]}; or null
     * @param experts blocks, X without those that give what they read
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

        @Override
        public @Nullable Dense dense() {
            return null;
        }

        @Override
        public Experts mixture() {
            return this;
        }

        /** The projections that every token takes. */
        public Stream<WeightMatrix> alwaysRead() {
            Stream<WeightMatrix> ofShared = shared == null ? Stream.empty() : shared.linears();
            return Stream.of(Stream.of(router), ofShared, sharedGate.stream()).flatMap(parts -> parts);
        }
    }

    /**
     * Experts beside a dense block.
     *
     * @param dense the block that every token takes
     * @param mixture the experts, whose output is added in the next layer
     */
    record Shortcut(Dense dense, Experts mixture) implements FfnTensors {
        @Override
        public Stream<WeightMatrix> linears() {
            return Stream.concat(dense.linears(), mixture.linears());
        }
    }
}
