package io.github.pastkv.model.generation;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;

/** Log-probabilities of one row of logits, in double and {@link StrictMath}, summed in the order of ids. */
final class LogProbabilities {
    private final double[] values; // [V]

    LogProbabilities(int vocabSize) {
        values = new double[vocabSize];
    }

    /** Reads a row of F32 {@code [n, V]}. */
    void read(Tensor logits, int row) {
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

    int vocabSize() {
        return values.length;
    }
}
