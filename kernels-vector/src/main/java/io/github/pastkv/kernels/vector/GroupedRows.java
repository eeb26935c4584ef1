package io.github.pastkv.kernels.vector;

import io.github.pastkv.tensor.Tensor;

/** Linear layers over grouped weights, one token at a time. */
final class GroupedRows {
    private GroupedRows() {}

    static void linear(Tensor x, VectorGroupedWeights weights, Tensor y, int fromToken, int toToken, int fromOutput,
            int toOutput) {
        GroupedPanel panel = GroupedPanel.ofThisThread();
        for (int token = fromToken; token < toToken; token++) {
            panel.readInputs(x, weights, token);
            for (int output = fromOutput; output < toOutput; output += VectorGroupedWeights.PANEL_OUTPUTS) {
                panel.read(weights, output, true);
                GroupedBodies.row(weights, panel, y, token, output);
            }
        }
    }
}
