package io.github.pastkv.model.generation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The best continuations of a prompt's beams; ties are broken by the lower beam, then the lower id. */
final class BeamCandidates {
    /** Beam {@code beam} continued by {@code tokenId}. */
    record Candidate(int beam, int tokenId, double sum) {}

    private static final Comparator<Candidate> BEST_FIRST = Comparator.comparingDouble(Candidate::sum).reversed()
            .thenComparingInt(Candidate::beam).thenComparingInt(Candidate::tokenId);

    private final int limit;
    private final List<Candidate> best = new ArrayList<>();

    BeamCandidates(int limit) {
        this.limit = limit;
    }

    void addAll(int beam, double sum, LogProbabilities next) {
        for (int id = 0; id < next.vocabSize(); id++) {
            double newSum = sum + next.of(id);
            if (best.size() < limit || newSum > best.getLast().sum()) {
                add(new Candidate(beam, id, newSum));
            }
        }
    }

    private void add(Candidate candidate) {
        int at = best.size();
        while (at > 0 && BEST_FIRST.compare(candidate, best.get(at - 1)) < 0) {
            at--;
        }
        best.add(at, candidate);
        if (best.size() > limit) {
            best.removeLast();
        }
    }

    /** Best first. */
    List<Candidate> best() {
        return best;
    }
}
