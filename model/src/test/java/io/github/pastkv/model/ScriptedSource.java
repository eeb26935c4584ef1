package io.github.pastkv.model;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.generation.DecodeBackend;
import io.github.pastkv.tensor.Tensor;

/** A stand-in for a model of one row that says what it is told: its best token at each step is the next of a script. */
final class ScriptedSource implements DecodeBackend {
    private final int[] script;
    private final Tensor logits; // [1, V]
    private int numSaid;
    private int numTokens;

    ScriptedSource(int vocabSize, int... script) {
        this.script = script;
        this.logits = Tensor.of(new float[vocabSize], 1, vocabSize);
    }

    @Override
    public int vocabSize() {
        return (int) logits.shape(1);
    }

    @Override
    public int numTokens(int row) {
        return numTokens;
    }

    @Override
    public int maxSeqLen() {
        return Integer.MAX_VALUE;
    }

    @Override
    public Tensor prefill(int[][] tokenIds, AttentionMask mask) {
        numTokens += mask.numReal(0);
        if (numSaid > 0) {
            logits.set(0f, 0, script[numSaid - 1]);
        }
        logits.set(1f, 0, script[numSaid++]);
        return logits;
    }

    @Override
    public Tensor decode(int[][] tokenIds, AttentionMask mask) {
        return prefill(tokenIds, mask); // one token a step, as nothing is guessed ahead
    }

    @Override
    public void truncateRow(int row, int newNumTokens) {
        numTokens = newNumTokens;
    }

    @Override
    public void selectRows(int... rows) {
        throw new AssertionError("one row only");
    }

    @Override
    public void repeatRows(int times) {
        throw new AssertionError("one row only");
    }
}
