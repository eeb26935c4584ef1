package io.github.pastkv.model.generation;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A backend without a model: its logits are random, but a function of the tokens of the row so far. */
public final class RandomLogits implements DecodeBackend {
    private static final int MAX_SEQ_LEN = 4096;

    private final int vocabSize;
    private final long seed;
    private List<List<Integer>> rows = new ArrayList<>();
    private int numSteps;

    public RandomLogits(int vocabSize, int numRows, long seed) {
        this.vocabSize = vocabSize;
        this.seed = seed;
        for (int row = 0; row < numRows; row++) {
            rows.add(new ArrayList<>());
        }
    }

    /** Decode steps so far. */
    public int numSteps() {
        return numSteps;
    }

    @Override
    public int vocabSize() {
        return vocabSize;
    }

    @Override
    public int numTokens(int row) {
        return rows.get(row).size();
    }

    @Override
    public int maxSeqLen() {
        return MAX_SEQ_LEN;
    }

    @Override
    public Tensor prefill(int[][] tokenIds, AttentionMask mask) {
        return logits(tokenIds, mask, false);
    }

    @Override
    public Tensor decode(int[][] tokenIds, AttentionMask mask) {
        numSteps++;
        return logits(tokenIds, mask, true);
    }

    private Tensor logits(int[][] tokenIds, AttentionMask mask, boolean ofAll) {
        List<float[]> logits = new ArrayList<>();
        for (int row = 0; row < rows.size(); row++) {
            for (int slot = 0; slot < mask.numSlots(); slot++) {
                if (mask.isReal(row, slot)) {
                    rows.get(row).add(tokenIds[row][slot]);
                    if (ofAll) {
                        logits.add(logits(rows.get(row)));
                    }
                }
            }
            if (!ofAll) {
                logits.add(logits(rows.get(row)));
            }
        }
        float[] all = new float[logits.size() * vocabSize];
        for (int i = 0; i < logits.size(); i++) {
            System.arraycopy(logits.get(i), 0, all, i * vocabSize, vocabSize);
        }
        return Tensor.of(all, logits.size(), vocabSize);
    }

    private float[] logits(List<Integer> tokens) {
        Random random = new Random(seed + tokens.hashCode());
        float[] logits = new float[vocabSize];
        for (int id = 0; id < vocabSize; id++) {
            logits[id] = 3 * (float) random.nextGaussian();
        }
        return logits;
    }

    @Override
    public void truncateRow(int row, int numTokens) {
        rows.get(row).subList(numTokens, rows.get(row).size()).clear();
    }

    @Override
    public void selectRows(int... selected) {
        List<List<Integer>> before = rows;
        rows = new ArrayList<>();
        for (int row : selected) {
            rows.add(new ArrayList<>(before.get(row)));
        }
    }

    @Override
    public void repeatRows(int times) {
        List<List<Integer>> before = rows;
        rows = new ArrayList<>();
        before.forEach(row -> {
            for (int i = 0; i < times; i++) {
                rows.add(new ArrayList<>(row));
            }
        });
    }
}
