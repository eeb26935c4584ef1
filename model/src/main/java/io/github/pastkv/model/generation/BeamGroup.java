package io.github.pastkv.model.generation;

import io.github.pastkv.model.generation.BeamCandidates.Candidate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The beams of one prompt: the running ones, and the best finished ones. */
final class BeamGroup {
    /** A text under way. */
    private record Beam(List<Integer> tokenIds, double sum) {
        Beam with(Candidate candidate) {
            List<Integer> longer = new ArrayList<>(tokenIds);
            longer.add(candidate.tokenId());
            return new Beam(longer, candidate.sum());
        }
    }

    private final BeamOptions options;
    private List<Beam> running = List.of(new Beam(List.of(), 0));
    private final List<BeamHypothesis> finished = new ArrayList<>();
    private List<Integer> parents = List.of(0);
    private boolean done;

    BeamGroup(BeamOptions options) {
        this.options = options;
    }

    /** Whether no running beam can win any more, by the rule of Hugging Face for {@code early_stopping=False}. */
    boolean isDone() {
        return done;
    }

    int numRunning() {
        return running.size();
    }

    double sum(int beam) {
        return running.get(beam).sum();
    }

    /** For each running beam, its parent beam before the last {@link #advance}. */
    List<Integer> parents() {
        return parents;
    }

    int lastTokenId(int beam) {
        return running.get(beam).tokenIds().getLast();
    }

    /**
     * Advances to the best continuations: those that end are finished if they are among the first {@code numBeams}; the
     * best others keep running.
     */
    void advance(List<Candidate> candidates) {
        List<Beam> next = new ArrayList<>();
        List<Integer> nextParents = new ArrayList<>();
        for (int rank = 0; rank < candidates.size() && next.size() < options.numBeams(); rank++) {
            Candidate candidate = candidates.get(rank);
            Beam beam = running.get(candidate.beam());
            if (!options.stopTokens().contains(candidate.tokenId())) {
                next.add(beam.with(candidate));
                nextParents.add(candidate.beam());
            } else if (rank < options.numBeams()) {
                finish(beam.tokenIds(), candidate.sum(), beam.tokenIds().size() + 1, FinishReason.STOP_TOKEN);
            }
        }
        running = next;
        parents = nextParents;
        done = running.isEmpty() || length() == options.maxNewTokens() || cannotImprove();
        if (length() == options.maxNewTokens()) {
            endAll(FinishReason.LENGTH);
        }
    }

    private int length() {
        return running.isEmpty() ? 0 : running.getFirst().tokenIds().size();
    }

    private boolean cannotImprove() {
        return finished.size() >= options.numBeams()
                && finished.getLast().score() >= options.score(running.getFirst().sum(), length());
    }

    /** Ends the running beams. */
    void endAll(FinishReason reason) {
        for (Beam beam : running) {
            finish(beam.tokenIds(), beam.sum(), beam.tokenIds().size(), reason);
        }
        running = List.of();
        done = true;
    }

    private void finish(List<Integer> tokenIds, double sum, int length, FinishReason reason) {
        finished.add(new BeamHypothesis(tokenIds, sum, options.score(sum, length), reason));
        finished.sort(Comparator.comparingDouble(BeamHypothesis::score).reversed());
        if (finished.size() > options.numBeams()) {
            finished.removeLast();
        }
    }

    /** The answers, best first. */
    List<BeamHypothesis> answers() {
        return List.copyOf(finished);
    }
}
