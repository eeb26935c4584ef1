package io.github.pastkv.model.forward;

import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;

/**
 * The buffers of a layer with experts for n tokens. Experts run one after the other and share theirs.
 *
 * @param logits router logits, {@code [n, X]}
 * @param chosen experts chosen by each token, the best first, {@code [n, k]}
 * @param weights their weights, {@code [n, k]}
 * @param input what the tokens of one expert read, {@code [n, E]}
 * @param inner the inner activations of one expert
 * @param output what one expert gives, {@code [n, E]}
 * @param sharedInner the inner activations of the shared expert; of width 0 where there is none
 * @param sharedGate what the shared expert's output is multiplied by, {@code [n, 1]}
 */
@SuppressWarnings("ArrayRecordComponent") // a buffer, never compared
record ExpertBuffers(Tensor logits, int[] chosen, Tensor weights, Tensor input, FfnBuffers inner, Tensor output,
        FfnBuffers sharedInner, Tensor sharedGate) {
    static ExpertBuffers allocate(Arena arena, int numTokens, int hiddenSize, ExpertsConfig experts) {
        return new ExpertBuffers(Tensor.allocate(arena, DataType.F32, numTokens, experts.numExperts()),
                new int[numTokens * experts.numChosen()],
                Tensor.allocate(arena, DataType.F32, numTokens, experts.numChosen()),
                Tensor.allocate(arena, DataType.F32, numTokens, hiddenSize),
                FfnBuffers.allocate(arena, numTokens, experts.expertSize(), true),
                Tensor.allocate(arena, DataType.F32, numTokens, hiddenSize),
                FfnBuffers.allocate(arena, numTokens, experts.shared().size(), true),
                Tensor.allocate(arena, DataType.F32, numTokens, 1));
    }
}
