package io.github.pastkv.model.forward;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;

/**
 * The inner activations of a feed-forward block of n tokens.
 *
 * @param all {@code [n, F]} or, with a gate, {@code [n, 2F]}
 * @param gate {@code [n, F]}, part of all
 * @param up {@code [n, F]}, part of all; the gate itself where there is none
 */
record FfnBuffers(Tensor all, Tensor gate, Tensor up) {
    static FfnBuffers allocate(Arena arena, int numTokens, int ffnSize, boolean gated) {
        Tensor all = Tensor.allocate(arena, DataType.F32, numTokens, gated ? 2L * ffnSize : ffnSize);
        Tensor gate = all.narrow(1, 0, ffnSize);
        return new FfnBuffers(all, gate, gated ? all.narrow(1, ffnSize, 2L * ffnSize) : gate);
    }

    /** F. */
    int ffnSize() {
        return (int) gate.shape(1);
    }
}
