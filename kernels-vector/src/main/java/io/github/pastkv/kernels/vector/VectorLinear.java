package io.github.pastkv.kernels.vector;

import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;

/**
 * Linear layers over packed panels: a panel stays in a near cache while all tokens go through it. Vectors of 512 bits
 * come with 32 registers; where there are 16, several tokens go through {@link TokenTiles}.
 */
final class VectorLinear {
    private VectorLinear() {}

    static void linear(Tensor x, LinearWeights weights, Tensor y, int numTokens, int fromOutput, int toOutput) {
        if (Lanes.HAS_REGISTERS || numTokens < TileScratch.TOKENS) {
            rest(x, weights, y, numTokens, fromOutput, toOutput);
            return;
        }
        int numTiled = numTokens / TileScratch.TOKENS * TileScratch.TOKENS;
        TokenTiles.linear(x, weights, y, numTiled, fromOutput, toOutput);
        if (numTiled < numTokens) {
            rest(x.narrow(0, numTiled, numTokens), weights, y.narrow(0, numTiled, numTokens), numTokens - numTiled,
                    fromOutput, toOutput);
        }
    }

    private static void rest(Tensor x, LinearWeights weights, Tensor y, int numTokens, int fromOutput, int toOutput) {
        switch (weights) {
            case VectorInt8Weights int8 -> {
                for (int output = fromOutput; output < toOutput; output += VectorInt8Weights.PANEL_OUTPUTS) {
                    LinearBodies.panelInt8(x, int8, y, numTokens, output);
                }
            }
            case VectorGroupedWeights grouped -> {
                if (numTokens < GroupedTiles.TOKENS) {
                    GroupedRows.linear(x, grouped, y, 0, numTokens, fromOutput, toOutput);
                } else {
                    GroupedTiles.linear(x, grouped, y, numTokens, fromOutput, toOutput);
                }
            }
            case VectorLinearWeights plain -> linear(x, plain, y, numTokens, fromOutput, toOutput);
            default -> throw new IllegalArgumentException("weights: " + weights + ", not packed by these kernels");
        }
    }

    private static void linear(Tensor x, VectorLinearWeights weights, Tensor y, int numTokens, int fromOutput,
            int toOutput) {
        for (int output = fromOutput; output < toOutput; output += VectorLinearWeights.PANEL_OUTPUTS) {
            if (weights.dataType() == DataType.BF16) {
                LinearBodies.panelBf16(x, weights, y, numTokens, output);
            } else {
                LinearBodies.panelF32(x, weights, y, numTokens, output);
            }
        }
    }
}
