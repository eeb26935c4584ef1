package io.github.pastkv.model.generation;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Beam search over all prompts of a batch, scored as in Hugging Face transformers: sum of log-probabilities divided by
 * length^penalty. Each prompt is computed once; beams share their blocks, and reordering them copies none.
 */
public final class BeamSearch {
    private final DecodeBackend backend;
    private final BeamOptions options;
    private final List<BeamGroup> groups = new ArrayList<>();
    private final LogProbabilities logProbabilities;

    private BeamSearch(DecodeBackend backend, BeamOptions options, int numPrompts) {
        this.backend = backend;
        this.options = options;
        this.logProbabilities = new LogProbabilities(backend.vocabSize());
        for (int prompt = 0; prompt < numPrompts; prompt++) {
            groups.add(new BeamGroup(options));
        }
    }

    /**
     * Appends a prompt to each row of {@code backend} and searches; the backend's rows have undefined content
     * afterward.
     *
     * @param tokenIds prompt slots, {@code [B, N]}
     * @param mask which of them are real; each row needs one at least
     * @return for each prompt its answers, best first
     */
    public static List<List<BeamHypothesis>> search(DecodeBackend backend, int[][] tokenIds, AttentionMask mask,
            BeamOptions options) {
        for (int row = 0; row < mask.batchSize(); row++) {
            if (mask.numReal(row) == 0) {
                throw new IllegalArgumentException("tokenIds: row " + row + " has no token to continue from");
            }
        }
        return new BeamSearch(backend, options, mask.batchSize()).run(tokenIds, mask);
    }

    private List<List<BeamHypothesis>> run(int[][] tokenIds, AttentionMask mask) {
        boolean goesOn = advance(backend.prefill(tokenIds, mask));
        while (goesOn) {
            int[][] slots = lastTokens();
            goesOn = advance(backend.prefill(slots, AttentionMask.ones(slots.length, 1)));
        }
        return groups.stream().map(BeamGroup::answers).toList();
    }

    /** Runs one step of every unfinished group and reorders the rows; false if none continues. */
    private boolean advance(Tensor logits) {
        List<Integer> rows = new ArrayList<>();
        int firstRow = 0;
        for (BeamGroup group : groups) {
            if (!group.isDone()) {
                int numRows = group.numRunning();
                group.advance(candidates(group, logits, firstRow));
                endWithoutRoom(group, firstRow);
                if (!group.isDone()) {
                    int first = firstRow;
                    group.parents().forEach(parent -> rows.add(first + parent));
                }
                firstRow += numRows;
            }
        }
        if (!rows.isEmpty()) {
            backend.selectRows(rows.stream().mapToInt(row -> row).toArray());
        }
        return !rows.isEmpty();
    }

    private void endWithoutRoom(BeamGroup group, int firstRow) {
        if (!group.isDone() && backend.numTokens(firstRow) >= backend.maxSeqLen()) {
            group.endAll(FinishReason.CONTEXT_FULL);
        }
    }

    private List<BeamCandidates.Candidate> candidates(BeamGroup group, Tensor logits, int firstRow) {
        BeamCandidates candidates = new BeamCandidates(options.numBeams() * (1 + options.stopTokens().size()));
        for (int beam = 0; beam < group.numRunning(); beam++) {
            logProbabilities.read(logits, firstRow + beam);
            candidates.addAll(beam, group.sum(beam), logProbabilities);
        }
        return candidates.best();
    }

    private int[][] lastTokens() {
        return groups.stream().filter(group -> !group.isDone())
                .flatMap(group -> Arrays.stream(lastTokens(group))).toArray(int[][]::new);
    }

    private static int[][] lastTokens(BeamGroup group) {
        int[][] slots = new int[group.numRunning()][1];
        Arrays.setAll(slots, beam -> new int[] {group.lastTokenId(beam)});
        return slots;
    }
}
