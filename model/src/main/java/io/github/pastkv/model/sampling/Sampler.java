package io.github.pastkv.model.sampling;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * Chooses the next token of a row of logits. The same options, logits, history, sample index and position give the same
 * token on every machine: the arithmetic is in double and {@link StrictMath}, sums run in a written order, and draws
 * have no state.
 *
 * <p>Owns scratch memory for one vocabulary and allocates nothing per draw; serves any number of sequences in turn. Not
 * safe for use by several threads.
 */
public final class Sampler {
    private final SamplingOptions options;
    private final int vocabSize;
    private final double[] scores; // [V] after penalty and temperature
    private final double[] weights; // [V] exp(score - best score), by id or by rank
    private final TopKHeap heap;

    /** A sampler for rows of {@code vocabSize} logits. */
    public Sampler(SamplingOptions options, int vocabSize) {
        if (vocabSize <= 0) {
            throw new IllegalArgumentException("vocabSize: " + vocabSize + ", must be positive");
        }
        this.options = options;
        this.vocabSize = vocabSize;
        this.scores = new double[vocabSize];
        this.weights = new double[vocabSize];
        this.heap = new TopKHeap(scores);
    }

    public SamplingOptions options() {
        return options;
    }

    /** As {@link #next(MemorySegment, long, TokenHistory, long, long)}, for a contiguous F32 row {@code [V]}. */
    public int next(Tensor logits, TokenHistory history, long sampleIndex, long position) {
        boolean isRow = logits.rank() == 1 && logits.shape(0) == vocabSize && logits.isContiguous();
        if (!isRow || logits.dataType() != DataType.F32) {
            throw new IllegalArgumentException("logits: " + logits + ", must be contiguous F32[" + vocabSize + "]");
        }
        return next(logits.segment(), 0, history, sampleIndex, position);
    }

    /**
     * Chooses a token; changes neither the logits nor the history.
     *
     * @param logits holds F32 {@code [V]} at {@code byteOffset}
     * @param history the ids that occurred, prompt included
     * @param sampleIndex which of several answers to one prompt this is
     * @param position the place of the new token in its sequence
     * @return its id
     * @throws IllegalStateException if a logit is NaN or plus infinity, or all are minus infinity
     */
    public int next(MemorySegment logits, long byteOffset, TokenHistory history, long sampleIndex, long position) {
        readScores(logits, byteOffset);
        if (options.repetitionPenalty() != 1) {
            penalise(history);
        }
        int best = best(position);
        if (options.isGreedy()) {
            return best;
        }
        double bestScore = scores[best];
        for (int id = 0; id < vocabSize; id++) {
            scores[id] = (scores[id] - bestScore) / options.temperature();
        }
        return draw(CounterBasedRng.uniform(options.seed(), sampleIndex, position));
    }

    private void readScores(MemorySegment logits, long byteOffset) {
        for (int id = 0; id < vocabSize; id++) {
            scores[id] = DataType.F32.read(logits, byteOffset + (long) id * Float.BYTES);
        }
    }

    private void penalise(TokenHistory history) {
        double penalty = options.repetitionPenalty();
        for (int i = 0; i < history.numIds(); i++) {
            int id = history.id(i);
            scores[id] = scores[id] > 0 ? scores[id] / penalty : scores[id] * penalty;
        }
    }

    /** The first id of the greatest score. */
    private int best(long position) {
        int best = 0;
        for (int id = 0; id < vocabSize; id++) {
            if (!(scores[id] < Double.POSITIVE_INFINITY)) {
                throw new IllegalStateException("logits: " + scores[id] + " for token " + id + " at position "
                        + position + ", must be finite");
            }
            if (scores[id] > scores[best]) {
                best = id;
            }
        }
        if (scores[best] == Double.NEGATIVE_INFINITY) {
            throw new IllegalStateException("logits: all are -Infinity at position " + position);
        }
        return best;
    }

    private int draw(double uniform) {
        boolean isTopK = options.topK() > 0 && options.topK() < vocabSize;
        if (isTopK) {
            return drawRanked(uniform, takeTopK());
        }
        double total = 0;
        for (int id = 0; id < vocabSize; id++) {
            weights[id] = StrictMath.exp(scores[id]);
            total += weights[id];
        }
        if (options.topP() == 1) {
            return locate(uniform * total, vocabSize);
        }
        return drawRanked(uniform, takeUntil(options.topP() * total));
    }

    /** Takes the best {@code topK}, then as many of them as top-p asks; their weights lie by rank. */
    private int takeTopK() {
        heap.build();
        double total = 0;
        for (int rank = 0; rank < options.topK(); rank++) {
            weights[rank] = StrictMath.exp(scores[heap.take()]);
            total += weights[rank];
        }
        double mass = 0;
        for (int rank = 0; rank < options.topK(); rank++) {
            mass += weights[rank];
            if (mass >= options.topP() * total) {
                return rank + 1;
            }
        }
        return options.topK();
    }

    /** Takes the best until their weight reaches {@code mass}; their weights lie by rank. */
    private int takeUntil(double mass) {
        heap.build();
        double taken = 0;
        int numTaken = 0;
        do {
            weights[numTaken] = StrictMath.exp(scores[heap.take()]);
            taken += weights[numTaken++];
        } while (taken < mass && !heap.isEmpty());
        return numTaken;
    }

    private int drawRanked(double uniform, int numCandidates) {
        double total = 0;
        for (int rank = 0; rank < numCandidates; rank++) {
            total += weights[rank];
        }
        return heap.taken(locate(uniform * total, numCandidates));
    }

    /** The first index at which the running sum of weights exceeds {@code target}; never one of weight 0. */
    private int locate(double target, int numWeights) {
        double sum = 0;
        int last = 0;
        for (int i = 0; i < numWeights; i++) {
            sum += weights[i];
            if (sum > target) {
                return i;
            }
            last = weights[i] > 0 ? i : last;
        }
        return last;
    }
}
