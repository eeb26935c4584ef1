package io.github.pastkv.model;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.generation.DecodeBackend;
import io.github.pastkv.tensor.Tensor;

/** A model over a cache, as generation sees it. */
record SessionBackend(Model model, StepRunner steps, KvCache cache) implements DecodeBackend {
    @Override
    public int vocabSize() {
        return model.config().vocabSize();
    }

    @Override
    public int numTokens(int row) {
        return cache.numTokens(row);
    }

    @Override
    public int maxSeqLen() {
        return cache.config().maxTokens();
    }

    @Override
    public Tensor prefill(int[][] tokenIds, AttentionMask mask) {
        return steps.runForLast(cache, tokenIds, mask);
    }

    @Override
    public int numReusedTokens() {
        return steps.numReusedTokens();
    }

    @Override
    public Tensor decode(int[][] tokenIds, AttentionMask mask) {
        return steps.runForAll(cache, tokenIds, mask);
    }

    @Override
    public void truncateRow(int row, int numTokens) {
        cache.truncateRow(row, numTokens);
    }

    @Override
    public void selectRows(int... rows) {
        cache.selectRows(rows);
    }

    @Override
    public void repeatRows(int times) {
        cache.repeatRows(times);
    }
}
