package io.github.pastkv.lens;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * The result of a run.
 *
 * @param input what entered
 * @param logits of each slot, F32 {@code [B, N, V]} on the heap, zeros at pads
 */
public record LensRun(StepInput input, Tensor logits) {
    /**
     * The losses of all tokens but each row's first of this run.
     *
     * @throws IllegalStateException where the input was no tokens
     */
    public Losses losses() {
        return Losses.of(logits, tokenIds(), input.mask(), null);
    }

    /** The mean of {@link #losses}. */
    public double loss() {
        return losses().mean();
    }

    /**
     * The losses of all tokens, each row's first among them, whose loss follows from the last logits of {@code before}:
     * the run that came just before this one on the same cache.
     *
     * @throws IllegalArgumentException when that run had other rows, or no token in some row
     */
    public Losses lossesAfter(LensRun before) {
        return Losses.of(logits, tokenIds(), input.mask(), before.lastLogits());
    }

    /**
     * The logits of each row's last token, {@code [B, V]}.
     *
     * @throws IllegalArgumentException where a row has no token
     */
    public Tensor lastLogits() {
        AttentionMask mask = input.mask();
        long vocabSize = logits.shape(2);
        Tensor last = Tensor.zeros(mask.batchSize(), vocabSize);
        for (int row = 0; row < mask.batchSize(); row++) {
            int slot = mask.numSlots() - 1;
            while (slot >= 0 && !mask.isReal(row, slot)) {
                slot--;
            }
            if (slot < 0) {
                throw new IllegalArgumentException("mask: row " + row + " has no token");
            }
            last.narrow(0, row, row + 1L).copyFrom(
                    logits.narrow(0, row, row + 1L).narrow(1, slot, slot + 1L).reshape(1, vocabSize));
        }
        return last;
    }

    /**
     * The likeliest next tokens after the last one, best first.
     *
     * @throws IllegalStateException for a run of several rows
     */
    public List<Prediction> topPredictions(int topK) {
        if (logits.shape(0) != 1) {
            throw new IllegalStateException("run: has " + logits.shape(0) + " rows; use lastLogits and Prediction.top");
        }
        return Prediction.top(lastLogits().toFloatArray(), topK);
    }

    @Override
    public String toString() {
        return "LensRun[logits " + Arrays.toString(logits.shape()) + "]";
    }

    private int[][] tokenIds() {
        if (input instanceof StepInput.Tokens tokens) {
            return tokens.tokenIds();
        }
        throw new IllegalStateException("input: " + input.getClass().getSimpleName() + ", losses need tokens");
    }
}
