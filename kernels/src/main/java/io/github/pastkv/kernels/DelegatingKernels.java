package io.github.pastkv.kernels;

import io.github.pastkv.kernels.weights.ComputeType;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.List;

/** Forwards every call to a delegate: base class of partial overrides and test doubles. */
public abstract class DelegatingKernels implements Kernels {
    private final Kernels delegate;

    /** Forwards to {@code delegate}. */
    protected DelegatingKernels(Kernels delegate) {
        this.delegate = delegate;
    }

    @Override
    public String name() {
        return delegate.name();
    }

    @Override
    public String numericIdentity() {
        return delegate.numericIdentity();
    }

    @Override
    public ComputeType fastestForBf16() {
        return delegate.fastestForBf16();
    }

    @Override
    public String linearName(LinearPrecision precision, DataType stored) {
        return delegate.linearName(precision, stored);
    }

    @Override
    public LinearWeights pack(List<WeightMatrix> parts, LinearPrecision precision, Arena arena) {
        return delegate.pack(parts, precision, arena);
    }

    @Override
    public void round(Tensor x, Tensor y, int width, int fromToken, int toToken) {
        delegate.round(x, y, width, fromToken, toToken);
    }

    @Override
    public void linear(Tensor x, LinearWeights weights, Tensor y, int numTokens, int fromOutput, int toOutput) {
        delegate.linear(x, weights, y, numTokens, fromOutput, toOutput);
    }

    @Override
    public void normalize(NormWeights norm, Tensor x, Tensor y, int fromToken, int toToken) {
        delegate.normalize(norm, x, y, fromToken, toToken);
    }

    @Override
    public void applyRope(Tensor x, int numHeads, int headDim, RopeTable table, int[] positions, int fromToken,
            int toToken) {
        delegate.applyRope(x, numHeads, headDim, table, positions, fromToken, toToken);
    }

    @Override
    public void activate(Activation activation, Tensor x, int width, int fromToken, int toToken) {
        delegate.activate(activation, x, width, fromToken, toToken);
    }

    @Override
    public void addScaled(float factor, Tensor x, long xRow, Tensor y, long yRow, int width) {
        delegate.addScaled(factor, x, xRow, y, yRow, width);
    }

    @Override
    public void clampedSwiglu(ClampedSwiglu swiglu, Tensor gate, Tensor up, int width, int fromToken, int toToken) {
        delegate.clampedSwiglu(swiglu, gate, up, width, fromToken, toToken);
    }

    @Override
    public void xielu(Xielu xielu, Tensor x, int width, int fromToken, int toToken) {
        delegate.xielu(xielu, x, width, fromToken, toToken);
    }

    @Override
    public void gatedActivation(Activation activation, Tensor gate, Tensor up, int width, int fromToken, int toToken) {
        delegate.gatedActivation(activation, gate, up, width, fromToken, toToken);
    }

    @Override
    public void add(Tensor x, Tensor y, int width, int fromToken, int toToken) {
        delegate.add(x, y, width, fromToken, toToken);
    }

    @Override
    public void softCap(float cap, Tensor x, int width, int fromToken, int toToken) {
        delegate.softCap(cap, x, width, fromToken, toToken);
    }

    @Override
    public void qkScores(AttentionTile tile) {
        delegate.qkScores(tile);
    }

    @Override
    public void softmax(AttentionTile tile) {
        delegate.softmax(tile);
    }

    @Override
    public void weightedValues(AttentionTile tile) {
        delegate.weightedValues(tile);
    }
}
