package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.ClampedSwiglu;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.Xielu;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The feed-forward block of one layer, packed for the kernels in use. */
sealed interface FfnWeights {
    /** The projections that a token reads, where they are not those of experts it may or may not take. */
    Stream<LinearWeights> alwaysRead();

    /** The projections of one of the experts of which a token takes {@link #numChosen}. */
    Stream<LinearWeights> ofExpert();

    /** Experts, 0 in a dense block. */
    int numExperts();

    /** Experts that a token takes, 0 in a dense block. */
    int numChosen();

    /**
     * One block that every token takes.
     *
     * @param up {@code [E]} to {@code [F]}, or to gate and up, {@code [2F]}
     * @param down {@code [F]} to {@code [E]}
     * @param xielu the activation where it has trained numbers, or null
     * @param swiglu the activation where it is clamped, or null
     */
    record Dense(LinearWeights up, LinearWeights down, @Nullable Xielu xielu, @Nullable ClampedSwiglu swiglu)
            implements
            FfnWeights {
        @Override
        public Stream<LinearWeights> alwaysRead() {
            return Stream.of(up, down);
        }

        @Override
        public Stream<LinearWeights> ofExpert() {
            return Stream.empty();
        }

        @Override
        public int numExperts() {
            return 0;
        }

        @Override
        public int numChosen() {
            return 0;
        }
    }

    /**
     * A mixture of experts.
     *
     * @param router {@code [E]} to the logits {@code [X]}
     * @param correction added to scores when experts are chosen, F32 {@code [X]}; or null
     * @param experts blocks, X without those that give what they read
     * @param shared the expert that every token takes, or null
     * @param sharedGate {@code [E]} to the number whose sigmoid multiplies the shared expert's output, or null
     */
    record Experts(ExpertsConfig config, LinearWeights router, @Nullable Tensor correction, List<Dense> experts,
            @Nullable Dense shared, @Nullable LinearWeights sharedGate) implements FfnWeights {
        @Override
        public Stream<LinearWeights> alwaysRead() {
            Stream<LinearWeights> ofShared = shared == null ? Stream.empty() : shared.alwaysRead();
            return Stream.of(Stream.of(router), ofShared, Stream.ofNullable(sharedGate)).flatMap(parts -> parts);
        }

        @Override
        public Stream<LinearWeights> ofExpert() {
            return experts.getFirst().alwaysRead();
        }

        @Override
        public int numExperts() {
            return experts.size();
        }

        @Override
        public int numChosen() {
            return config.numChosen();
        }
    }

    /**
     * Experts beside a dense block.
     *
     * @param dense the block that every token takes
     * @param mixture the experts, whose output is added in the next layer
     */
    record Shortcut(Dense dense, Experts mixture) implements FfnWeights {
        @Override
        public Stream<LinearWeights> alwaysRead() {
            return Stream.concat(dense.alwaysRead(), mixture.alwaysRead());
        }

        @Override
        public Stream<LinearWeights> ofExpert() {
            return mixture.ofExpert();
        }

        @Override
        public int numExperts() {
            return mixture.numExperts();
        }

        @Override
        public int numChosen() {
            return mixture.numChosen();
        }
    }
}
