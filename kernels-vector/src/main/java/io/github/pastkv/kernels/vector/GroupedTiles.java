package io.github.pastkv.kernels.vector;

import io.github.pastkv.tensor.Tensor;

/**
 * Linear layers over grouped weights where there are 32 registers, four tokens at a time: the integers of a block of
 * inputs become floats once for all tokens.
 */
final class GroupedTiles {
    /** Tokens that go through a block at a time. */
    static final int TOKENS = 4;

    private GroupedTiles() {}

    static void linear(Tensor x, VectorGroupedWeights weights, Tensor y, int numTokens, int fromOutput, int toOutput) {
        GroupedPanel panel = GroupedPanel.ofThisThread();
        int tileTokens = numTokens / TOKENS * TOKENS;
        panel.sumInputs(x, weights, tileTokens);
        for (int output = fromOutput; output < toOutput; output += VectorGroupedWeights.PANEL_OUTPUTS) {
            panel.read(weights, output, false);
            panel.clearTotals(tileTokens);
            for (int from = 0; from < weights.numInputs(); from += GroupedPanel.BLOCK_INPUTS) {
                addBlock(x, weights, panel, tileTokens, from);
            }
            GroupedBodies.finish(weights, panel, 0, y, tileTokens, output);
            GroupedBodies.finish(weights, panel, 1, y, tileTokens, output + 2 * Lanes.COUNT);
        }
        GroupedRows.linear(x, weights, y, tileTokens, numTokens, fromOutput, toOutput);
    }

    private static void addBlock(Tensor x, VectorGroupedWeights weights, GroupedPanel panel, int numTokens, int from) {
        int to = Math.min(from + GroupedPanel.BLOCK_INPUTS, weights.numInputs());
        int groupSize = weights.format().groupSize();
        GroupedBodies.unpack(panel, from, to);
        for (int half = 0; half < 2; half++) {
            for (int token = 0; token < numTokens; token += TOKENS) {
                if (weights.format().hasMinimums()) {
                    GroupedBodies.tileMin(x, groupSize, panel, half, token, from, to);
                } else {
                    GroupedBodies.tile(x, groupSize, panel, half, token, from, to);
                }
            }
        }
    }
}
