package io.github.pastkv.model.sampling;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** The rules of {@link SamplingOptions} written to be read: it sorts everything. The oracle of {@link Sampler}. */
final class SortingSampler {
    private SortingSampler() {}

    static int next(SamplingOptions options, float[] logits, TokenHistory history, long sampleIndex, long position) {
        double[] scores = penalized(options, logits, history);
        List<Integer> ranked = new ArrayList<>(IntStream.range(0, scores.length).boxed().toList());
        ranked.sort(Comparator.comparingDouble((Integer id) -> -scores[id]).thenComparing(id -> id));
        if (options.temperature() == 0) {
            return ranked.getFirst();
        }
        double best = scores[ranked.getFirst()];
        boolean isTopK = options.topK() > 0 && options.topK() < scores.length;
        List<Integer> kept = isTopK ? ranked.subList(0, options.topK()) : ranked;
        double[] weights = new double[scores.length];
        for (int id : kept) {
            weights[id] = StrictMath.exp((scores[id] - best) / options.temperature());
        }
        // Sums run by rank, except over the whole vocabulary, where they run by id.
        double total = sum(weights, isTopK ? kept : byId(scores.length));
        double uniform = CounterBasedRng.uniform(options.seed(), sampleIndex, position);
        if (options.topP() == 1 && !isTopK) {
            return locate(weights, byId(scores.length), uniform * total);
        }
        List<Integer> nucleus = nucleus(weights, kept, options.topP() * total);
        return locate(weights, nucleus, uniform * sum(weights, nucleus));
    }

    private static double[] penalized(SamplingOptions options, float[] logits, TokenHistory history) {
        Set<Integer> seen = new HashSet<>();
        IntStream.range(0, history.numIds()).forEach(i -> seen.add(history.id(i)));
        double[] scores = new double[logits.length];
        for (int id = 0; id < logits.length; id++) {
            double penalty = seen.contains(id) ? options.repetitionPenalty() : 1;
            scores[id] = logits[id] > 0 ? logits[id] / penalty : logits[id] * penalty;
        }
        return scores;
    }

    private static List<Integer> byId(int vocabSize) {
        return IntStream.range(0, vocabSize).boxed().toList();
    }

    private static List<Integer> nucleus(double[] weights, List<Integer> ranked, double mass) {
        double sum = 0;
        for (int count = 1; count <= ranked.size(); count++) {
            sum += weights[ranked.get(count - 1)];
            if (sum >= mass) {
                return ranked.subList(0, count);
            }
        }
        return ranked;
    }

    private static double sum(double[] weights, List<Integer> ids) {
        double sum = 0;
        for (int id : ids) {
            sum += weights[id];
        }
        return sum;
    }

    private static int locate(double[] weights, List<Integer> ids, double target) {
        double sum = 0;
        for (int id : ids) {
            sum += weights[id];
            if (sum > target) {
                return id;
            }
        }
        throw new AssertionError("target " + target + " not reached by " + sum);
    }
}
