package io.github.pastkv.tests.session;

import io.github.pastkv.cache.AttentionMask;
import io.github.pastkv.cache.Tensor;
import io.github.pastkv.model.generation.Generator;

/** A stand-in for a model of one row that says what it is told: its best token at each step is the next of a script. */
final class ScriptedSource implements Generator.Source {
    private final int[] script;
    private final Tensor logits; // [1, V]
    private int numSaid;
    private int numTokens;

    ScriptedSource(int vocabSize, int... script) {
        this.script = script;
        this.logits = Tensor.of(new float[vocabSize], 1, vocabSize);
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
    public Tensor appendForLast(int[][] tokenIds, AttentionMask mask) {
        numTokens += mask.numReal(0);
        if (numSaid > 0) {
            logits.set(0f, 0, script[numSaid - 1]);
        }
        logits.set(1f, 0, script[numSaid++]);
        return logits;
    }
}
