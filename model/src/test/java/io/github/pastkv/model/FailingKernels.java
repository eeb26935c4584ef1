package io.github.pastkv.model;

import io.github.pastkv.kernels.DelegatingKernels;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.tensor.Tensor;
import java.util.concurrent.atomic.AtomicInteger;

/** Kernels that fail in the middle of a step when they are told to. */
final class FailingKernels extends DelegatingKernels {
    private final AtomicInteger callsBeforeFailure = new AtomicInteger(Integer.MAX_VALUE);

    FailingKernels(Kernels delegate) {
        super(delegate);
    }

    /** Lets {@code numCalls} calls of {@link #linear} pass and the next one fail. */
    void failAfter(int numCalls) {
        callsBeforeFailure.set(numCalls);
    }

    int numCallsLeft() {
        return callsBeforeFailure.get();
    }

    @Override
    public void linear(Tensor x, LinearWeights weights, Tensor y, int numTokens, int fromOutput, int toOutput) {
        if (callsBeforeFailure.getAndDecrement() == 0) {
            throw new ArithmeticException("told to fail");
        }
        super.linear(x, weights, y, numTokens, fromOutput, toOutput);
    }
}
