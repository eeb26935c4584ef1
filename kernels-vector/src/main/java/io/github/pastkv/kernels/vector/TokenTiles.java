package io.github.pastkv.kernels.vector;

import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * Linear layers for several tokens where there are 16 registers: for some tokens at a time, panel by panel and block by
 * block of inputs, four tokens through each block.
 */
final class TokenTiles {
    private TokenTiles() {}

    /** A whole number of tiles of tokens. */
    static void linear(Tensor x, LinearWeights weights, Tensor y, int numTokens, int fromOutput, int toOutput) {
        TileScratch scratch = TileScratch.ofThisThread();
        for (int from = 0; from < numTokens; from += TileScratch.MAX_TOKENS) {
            int to = Math.min(from + TileScratch.MAX_TOKENS, numTokens);
            Tensor tokens = x.narrow(0, from, to);
            Tensor results = y.narrow(0, from, to);
            scratch.readTokens(tokens, weights.numInputs(), to - from);
            switch (weights) {
                case VectorGroupedWeights grouped ->
                        grouped(scratch, tokens, grouped, results, to - from, fromOutput, toOutput);
                case VectorInt8Weights int8 -> int8(scratch, int8, results, to - from, fromOutput, toOutput);
                case VectorLinearWeights plain -> plain(scratch, plain, results, to - from, fromOutput, toOutput);
                default -> throw new IllegalArgumentException("weights: " + weights + ", not packed by these kernels");
            }
        }
    }

    private static void grouped(TileScratch scratch, Tensor x, VectorGroupedWeights weights, Tensor y, int numTokens,
            int fromOutput, int toOutput) {
        GroupedPanel panel = GroupedPanel.ofThisThread();
        panel.sumInputs(x, weights, numTokens);
        for (int output = fromOutput; output < toOutput; output += VectorGroupedWeights.PANEL_OUTPUTS) {
            panel.read(weights, output, false);
            scratch.clearTotals(numTokens);
            for (int from = 0; from < weights.numInputs(); from += TileScratch.BLOCK_INPUTS) {
                int to = Math.min(from + TileScratch.BLOCK_INPUTS, weights.numInputs());
                TileBodies.unpack(panel, from, to, scratch);
                addGroups(scratch, weights, panel, numTokens, from, to);
            }
            finish(scratch, MemorySegment.NULL, weights.biases(), weights, y, numTokens, output, 2);
        }
    }

    private static void addGroups(TileScratch scratch, VectorGroupedWeights weights, GroupedPanel panel, int numTokens,
            int from, int to) {
        int groupSize = weights.format().groupSize();
        for (int half = 0; half < 2; half++) {
            for (int token = 0; token < numTokens; token += TileScratch.TOKENS) {
                if (weights.format().hasMinimums()) {
                    TileBodies.tileMin(scratch, groupSize, panel, half, token, from, to);
                } else {
                    TileBodies.tile(scratch, groupSize, panel, half, token, from, to);
                }
            }
        }
    }

    private static void int8(TileScratch scratch, VectorInt8Weights weights, Tensor y, int numTokens, int fromOutput,
            int toOutput) {
        for (int output = fromOutput; output < toOutput; output += VectorInt8Weights.PANEL_OUTPUTS) {
            scratch.clearTotals(numTokens);
            for (int from = 0; from < weights.numInputs(); from += TileScratch.BLOCK_INPUTS) {
                int to = Math.min(from + TileScratch.BLOCK_INPUTS, weights.numInputs());
                TileBodies.unpackInt8(weights, output, from, to, scratch.block(0), scratch.block(1));
                addBlock(scratch, 2, numTokens, from, to);
            }
            finish(scratch, weights.scales(), weights.biases(), weights, y, numTokens, output, 2);
        }
    }

    private static void plain(TileScratch scratch, VectorLinearWeights weights, Tensor y, int numTokens, int fromOutput,
            int toOutput) {
        for (int output = fromOutput; output < toOutput; output += VectorLinearWeights.PANEL_OUTPUTS) {
            scratch.clearTotals(numTokens);
            for (int from = 0; from < weights.numInputs(); from += TileScratch.BLOCK_INPUTS) {
                int to = Math.min(from + TileScratch.BLOCK_INPUTS, weights.numInputs());
                unpack(weights, output, from, to, scratch.block(0));
                addBlock(scratch, 1, numTokens, from, to);
            }
            finish(scratch, MemorySegment.NULL, weights.biases(), weights, y, numTokens, output, 1);
        }
    }

    private static void unpack(VectorLinearWeights weights, int output, int from, int to, float[] block) {
        if (weights.dataType() == DataType.BF16) {
            TileBodies.unpackBf16(weights, output, from, to, block);
        } else {
            TileBodies.unpackF32(weights, output, from, to, block);
        }
    }

    private static void addBlock(TileScratch scratch, int numHalves, int numTokens, int from, int to) {
        for (int half = 0; half < numHalves; half++) {
            for (int token = 0; token < numTokens; token += TileScratch.TOKENS) {
                TileBodies.tile(scratch, half, token, from, to);
            }
        }
    }

    private static void finish(TileScratch scratch, MemorySegment scales, MemorySegment biases, LinearWeights weights,
            Tensor y, int numTokens, int output, int numHalves) {
        for (int half = 0; half < numHalves; half++) {
            scratch.finish(half, scales, biases, y, numTokens, output + half * 2 * Lanes.COUNT, weights.numOutputs());
        }
    }
}
