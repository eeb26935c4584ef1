package io.github.pastkv.model.sampling;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

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
    private final double[] scores; // [V] after processors and temperature
    private final double[] weights; // [V] exp(score - best score), by id or by rank
    private final TopKHeap heap;
    private final List<LogitsProcessor> processors;

    /** A sampler for rows of {@code vocabSize} logits, of sequences that no token ends. */
    public Sampler(SamplingOptions options, int vocabSize) {
        this(options, vocabSize, Set.of());
    }

    /**
     * A sampler for rows of {@code vocabSize} logits.
     *
     * @param stopTokens ids that end a sequence, for {@link SamplingOptions#minNewTokens}; those beyond the vocabulary
     *        never occur
     */
    public Sampler(SamplingOptions options, int vocabSize, Set<Integer> stopTokens) {
        if (vocabSize <= 0) {
            throw new IllegalArgumentException("vocabSize: " + vocabSize + ", must be positive");
        }
        this.options = options;
        this.vocabSize = vocabSize;
        this.scores = new double[vocabSize];
        this.weights = new double[vocabSize];
        this.heap = new TopKHeap(scores);
        this.processors = LogitsProcessors.of(options, stopTokens.stream()
                .filter(id -> id >= 0 && id < vocabSize).collect(Collectors.toUnmodifiableSet()));
    }

    public SamplingOptions options() {
        return options;
    }

    /** As {@link #next(MemorySegment, long, TokenHistory, long, long)}, for a contiguous F32 row {@code [V]}. */
    public int next(Tensor logits, TokenHistory history, long sampleIndex, long position) {
        boolean isRow = logits.rank() == 1 && logits.shape(0) == vocabSize && logits.isContiguous();
        if (!isRow || logits.dataType() != DataType.F32) {
            throw new IllegalArgumentException(
                    "logits: " + logits.typeAndShape() + ", must be contiguous F32[" + vocabSize + "]");
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
        return next(logits, byteOffset, history, sampleIndex, position, (_, _) -> {});
    }

    /**
     * As {@link #next(MemorySegment, long, TokenHistory, long, long)}.
     *
     * @param last runs after all other processors, for this token only
     */
    public int next(MemorySegment logits, long byteOffset, TokenHistory history, long sampleIndex, long position,
            LogitsProcessor last) {
        readScores(logits, byteOffset, position);
        for (LogitsProcessor processor : processors) {
            processor.process(scores, history);
        }
        last.process(scores, history);
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

    /** A processor may rule a token out, but the model's own logits must be numbers. */
    private void readScores(MemorySegment logits, long byteOffset, long position) {
        for (int id = 0; id < vocabSize; id++) {
            scores[id] = DataType.F32.read(logits, byteOffset + (long) id * Float.BYTES);
            if (!(scores[id] < Double.POSITIVE_INFINITY)) {
                throw new IllegalStateException("logits: " + scores[id] + " for token " + id + " at position "
                        + position + ", must be finite; weights that are not finite cause this, or keys and values"
                        + " beyond what the cache's type holds (f16: 65504)");
            }
        }
    }

    /** The first id of the greatest score. */
    private int best(long position) {
        int best = 0;
        for (int id = 0; id < vocabSize; id++) {
            if (scores[id] > scores[best] || Double.isNaN(scores[best])) {
                best = id;
            }
        }
        if (!(Math.abs(scores[best]) <= Double.MAX_VALUE)) {
            throw new IllegalStateException("logits: the greatest is " + scores[best] + " at position " + position
                    + (processors.isEmpty() ? "" : " after all processors"));
        }
        return best;
    }

    private int draw(double uniform) {
        if (options.topK() > 0 && options.topK() < vocabSize) {
            return drawRanked(uniform, takeTopK());
        }
        double total = 0;
        for (int id = 0; id < vocabSize; id++) {
            weights[id] = StrictMath.exp(scores[id]);
            total += weights[id];
        }
        if (options.topP() == 1 && options.minP() == 0 && options.typicalP() == 1) {
            return locate(uniform * total, vocabSize);
        }
        return drawRanked(uniform, takeUntil(options.topP() == 1 ? Double.POSITIVE_INFINITY : options.topP() * total));
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

    /**
     * Takes the best until their weight reaches {@code mass} or min-p leaves out the rest; their weights lie by rank.
     */
    private int takeUntil(double mass) {
        heap.build();
        double taken = 0;
        int numTaken = 0;
        do {
            weights[numTaken] = StrictMath.exp(scores[heap.take()]);
            taken += weights[numTaken++];
        } while (taken < mass && weights[numTaken - 1] >= options.minP() && !heap.isEmpty());
        return numTaken;
    }

    /** Of candidates by rank, how many are at least min-p times as probable as the best, whose weight is 1. */
    private int keepMinP(int numCandidates) {
        int kept = numCandidates;
        while (kept > 1 && weights[kept - 1] < options.minP()) {
            kept--;
        }
        return kept;
    }

    private int drawRanked(double uniform, int numTaken) {
        int numCandidates = keepMinP(numTaken);
        if (options.typicalP() < 1) {
            TypicalTokens.keep(weights, numCandidates, options.typicalP());
        }
        return heap.taken(locate(uniform * TypicalTokens.sum(weights, numCandidates), numCandidates));
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
