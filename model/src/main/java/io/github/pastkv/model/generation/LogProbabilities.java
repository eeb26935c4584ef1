package io.github.pastkv.model.generation;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Log-probabilities of one row of logits, in double and {@link StrictMath}, summed in the order of ids. Serves one row
 * after the other; not safe for use by several threads.
 */
public final class LogProbabilities {
    private final double[] values; // [V]

    /** For rows of {@code vocabSize} logits. */
    public LogProbabilities(int vocabSize) {
        if (vocabSize <= 0) {
            throw new IllegalArgumentException("vocabSize: " + vocabSize + ", must be positive");
        }
        values = new double[vocabSize];
    }

    /**
     * Reads a row of F32 {@code [n, V]}.
     *
     * @throws IllegalStateException if its greatest logit is not finite
     */
    public void read(Tensor logits, int row) {
        double most = Double.NEGATIVE_INFINITY;
        for (int id = 0; id < values.length; id++) {
            values[id] = DataType.F32.read(logits.segment(), ((long) row * values.length + id) * Float.BYTES);
            most = Math.max(most, values[id]);
        }
        if (!Double.isFinite(most)) {
            throw new IllegalStateException("logits: the greatest of row " + row + " is " + most + ", must be finite");
        }
        double sum = 0;
        for (double value : values) {
            sum += StrictMath.exp(value - most);
        }
        double logSum = most + StrictMath.log(sum);
        for (int id = 0; id < values.length; id++) {
            values[id] -= logSum;
        }
    }

    double of(int id) {
        return values[id];
    }

    /** How many tokens of the row are more probable than {@code id}, plus 1. */
    public int rank(int id) {
        int rank = 1;
        for (double value : values) {
            rank += value > values[id] ? 1 : 0;
        }
        return rank;
    }

    /** The log-probability of a token, with the {@code count} best at its position; ties are broken by the lower id. */
    public TokenLogProbability of(int tokenId, int count) {
        List<TokenLogProbability> best = new ArrayList<>();
        PriorityQueue<Integer> worstFirst = new PriorityQueue<>(
                Comparator.comparingDouble((Integer id) -> values[id]).thenComparing(Comparator.reverseOrder()));
        for (int id = 0; id < values.length && count > 0; id++) {
            if (worstFirst.size() < count || values[id] > values[worstFirst.element()]) {
                worstFirst.add(id);
            }
            if (worstFirst.size() > count) {
                worstFirst.remove();
            }
        }
        while (!worstFirst.isEmpty()) {
            int id = worstFirst.remove();
            best.addFirst(new TokenLogProbability(id, values[id], List.of()));
        }
        return new TokenLogProbability(tokenId, values[tokenId], best);
    }

    int vocabSize() {
        return values.length;
    }
}
