package io.github.pastkv.kernels.vector;

import io.github.pastkv.kernels.Activation;
import io.github.pastkv.kernels.AttentionTile;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.kernels.RopeTable;
import io.github.pastkv.kernels.ScalarKernels;
import io.github.pastkv.kernels.Xielu;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightMatrices;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.List;

/**
 * {@link ScalarKernels} with vectors of 128, 256 or 512 bits: each lane performs the same operations in the same order,
 * so the bits are the same. Lanes are outputs, keys or dimensions, never parts of one sum; only sums across a row,
 * which the scalar kernels keep in 16 virtual lanes, are split over lanes. One class for each family of operations;
 * stateless.
 */
final class VectorKernels implements Kernels {
    @Override
    public String name() {
        return "vector (" + Lanes.FLOATS.vectorBitSize() + " bit)";
    }

    @Override
    public String numericIdentity() {
        return ScalarKernels.NUMERIC_IDENTITY;
    }

    @Override
    public LinearWeights pack(List<WeightMatrix> parts, LinearPrecision precision, Arena arena) {
        if (WeightMatrices.requireMatching(parts, precision) instanceof WeightMatrix.Grouped) {
            return VectorGroupedWeights.pack(parts, precision, arena);
        }
        return precision.weights() == WeightType.INT8
                ? VectorInt8Weights.pack(parts, precision, arena)
                : VectorLinearWeights.pack(parts, precision, arena);
    }

    @Override
    public void round(Tensor x, Tensor y, int width, int fromToken, int toToken) {
        VectorRounding.round(x, y, width, fromToken, toToken);
    }

    @Override
    public void linear(Tensor x, LinearWeights weights, Tensor y, int numTokens, int fromOutput, int toOutput) {
        assert fromOutput % weights.outputGrain() == 0 : fromOutput;
        VectorLinear.linear(x, weights, y, numTokens, fromOutput, toOutput);
    }

    @Override
    public void normalize(NormWeights norm, Tensor x, Tensor y, int fromToken, int toToken) {
        VectorNorm.normalize(norm, x, y, fromToken, toToken);
    }

    @Override
    public void applyRope(Tensor x, int numHeads, int headDim, RopeTable table, int[] positions, int fromToken,
            int toToken) {
        VectorRope.applyRope(x, numHeads, headDim, table, positions, fromToken, toToken);
    }

    @Override
    public void activate(Activation activation, Tensor x, int width, int fromToken, int toToken) {
        VectorElementwise.activate(activation, x, width, fromToken, toToken);
    }

    @Override
    public void xielu(Xielu xielu, Tensor x, int width, int fromToken, int toToken) {
        VectorElementwise.xielu(xielu, x, width, fromToken, toToken);
    }

    @Override
    public void gatedActivation(Activation activation, Tensor gate, Tensor up, int width, int fromToken, int toToken) {
        VectorElementwise.gatedActivation(activation, gate, up, width, fromToken, toToken);
    }

    @Override
    public void add(Tensor x, Tensor y, int width, int fromToken, int toToken) {
        VectorElementwise.add(x, y, width, fromToken, toToken);
    }

    @Override
    public void softCap(float cap, Tensor x, int width, int fromToken, int toToken) {
        VectorElementwise.softCap(cap, x, width, fromToken, toToken);
    }

    @Override
    public void qkScores(AttentionTile tile) {
        VectorScores.qkScores(tile);
        VectorScoreForm.apply(tile);
    }

    @Override
    public void softmax(AttentionTile tile) {
        VectorSoftmax.softmax(tile);
    }

    @Override
    public void weightedValues(AttentionTile tile) {
        VectorValues.weightedValues(tile);
    }
}
