package io.github.pastkv.kernels.vector;

import io.github.pastkv.kernels.Activation;
import io.github.pastkv.kernels.AttentionTile;
import io.github.pastkv.kernels.DelegatingKernels;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.kernels.RopeTable;
import io.github.pastkv.tensor.Tensor;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Vector kernels whose first small calls run in forms that are fast without being compiled. A vector operation takes
 * microseconds until C2 has compiled its caller, and C2 takes seconds of processor time for all bodies together; a
 * process that makes a few tokens ends before that pays. So the first calls of each operation go to the scalar twin,
 * and those of grouped weights go token by token, which needs one body instead of three. The bits are the same. Large
 * calls go to the vector kernels from the beginning, as they compile them soon.
 */
final class FirstCallsKernels extends DelegatingKernels {
    /** System property with the number of calls of each operation; 0 unless it is set. */
    static final String PROPERTY = "pastkv.kernels.firstCalls";

    /** Numbers of rows, or scores, of a small call. */
    private static final long SMALL = 1 << 15;
    private static final int SMALL_TOKENS = 16;

    private final Kernels scalar;
    private final AtomicInteger norms;
    private final AtomicInteger ropes;
    private final AtomicInteger activations;
    private final AtomicInteger sums;
    private final AtomicInteger softCaps;
    private final AtomicInteger roundings;
    private final AtomicInteger scores;
    private final AtomicInteger softmaxes;
    private final AtomicInteger values;
    private final AtomicInteger linears;

    /**
     * @param vector what takes all other calls
     * @param scalar what takes first calls
     * @param calls number of first calls of each operation
     */
    FirstCallsKernels(Kernels vector, Kernels scalar, int calls) {
        super(vector);
        this.scalar = scalar;
        norms = new AtomicInteger(calls);
        ropes = new AtomicInteger(calls);
        activations = new AtomicInteger(calls);
        sums = new AtomicInteger(calls);
        softCaps = new AtomicInteger(calls);
        roundings = new AtomicInteger(calls);
        scores = new AtomicInteger(calls);
        softmaxes = new AtomicInteger(calls);
        values = new AtomicInteger(calls);
        linears = new AtomicInteger(calls);
    }

    private static boolean takes(AtomicInteger left, long numbers) {
        return left.get() > 0 && numbers <= SMALL && left.getAndDecrement() > 0;
    }

    private static long numbers(long width, int fromToken, int toToken) {
        return width * (toToken - fromToken);
    }

    private static boolean takes(AtomicInteger left, AttentionTile tile) {
        int lastRow = tile.numRows() - 1;
        return takes(left, (long) tile.numRows() * tile.numVisible(lastRow) * tile.headDim());
    }

    @Override
    public void round(Tensor x, Tensor y, int width, int fromToken, int toToken) {
        if (takes(roundings, numbers(width, fromToken, toToken))) {
            scalar.round(x, y, width, fromToken, toToken);
        } else {
            super.round(x, y, width, fromToken, toToken);
        }
    }

    @Override
    public void linear(Tensor x, LinearWeights weights, Tensor y, int numTokens, int fromOutput, int toOutput) {
        if (weights instanceof VectorGroupedWeights grouped && numTokens <= SMALL_TOKENS && takes(linears, 0)) {
            GroupedRows.linear(x, grouped, y, 0, numTokens, fromOutput, toOutput);
        } else {
            super.linear(x, weights, y, numTokens, fromOutput, toOutput);
        }
    }

    @Override
    public void normalize(NormWeights norm, Tensor x, Tensor y, int fromToken, int toToken) {
        if (takes(norms, numbers(norm.hiddenSize(), fromToken, toToken))) {
            scalar.normalize(norm, x, y, fromToken, toToken);
        } else {
            super.normalize(norm, x, y, fromToken, toToken);
        }
    }

    @Override
    public void applyRope(Tensor x, int numHeads, int headDim, RopeTable table, int[] positions, int fromToken,
            int toToken) {
        if (takes(ropes, numbers((long) numHeads * headDim, fromToken, toToken))) {
            scalar.applyRope(x, numHeads, headDim, table, positions, fromToken, toToken);
        } else {
            super.applyRope(x, numHeads, headDim, table, positions, fromToken, toToken);
        }
    }

    @Override
    public void activate(Activation activation, Tensor x, int width, int fromToken, int toToken) {
        if (takes(activations, numbers(width, fromToken, toToken))) {
            scalar.activate(activation, x, width, fromToken, toToken);
        } else {
            super.activate(activation, x, width, fromToken, toToken);
        }
    }

    @Override
    public void gatedActivation(Activation activation, Tensor gate, Tensor up, int width, int fromToken, int toToken) {
        if (takes(activations, numbers(width, fromToken, toToken))) {
            scalar.gatedActivation(activation, gate, up, width, fromToken, toToken);
        } else {
            super.gatedActivation(activation, gate, up, width, fromToken, toToken);
        }
    }

    @Override
    public void add(Tensor x, Tensor y, int width, int fromToken, int toToken) {
        if (takes(sums, numbers(width, fromToken, toToken))) {
            scalar.add(x, y, width, fromToken, toToken);
        } else {
            super.add(x, y, width, fromToken, toToken);
        }
    }

    @Override
    public void softCap(float cap, Tensor x, int width, int fromToken, int toToken) {
        if (takes(softCaps, numbers(width, fromToken, toToken))) {
            scalar.softCap(cap, x, width, fromToken, toToken);
        } else {
            super.softCap(cap, x, width, fromToken, toToken);
        }
    }

    @Override
    public void qkScores(AttentionTile tile) {
        if (takes(scores, tile)) {
            scalar.qkScores(tile);
        } else {
            super.qkScores(tile);
        }
    }

    @Override
    public void softmax(AttentionTile tile) {
        if (takes(softmaxes, tile)) {
            scalar.softmax(tile);
        } else {
            super.softmax(tile);
        }
    }

    @Override
    public void weightedValues(AttentionTile tile) {
        if (takes(values, tile)) {
            scalar.weightedValues(tile);
        } else {
            super.weightedValues(tile);
        }
    }
}
