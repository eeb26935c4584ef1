package io.github.pastkv.serve.run;

import io.github.pastkv.model.Session;
import io.github.pastkv.model.generation.Cancellation;
import io.github.pastkv.model.generation.LogProbabilities;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Log-probabilities of the tokens of a prompt. */
final class PromptScores {
    private static final int CHUNK_TOKENS = 32; // whose logits are held at once

    private PromptScores() {}

    /**
     * Appends all tokens of {@code prompt} but the last to an empty session, and scores all but the first.
     *
     * @param numBest most probable tokens given at each place
     */
    static List<RunEvent.ScoredToken> score(Session session, int[] prompt, int numBest, Cancellation cancellation) {
        LogProbabilities row = new LogProbabilities(session.model().config().vocabSize());
        List<RunEvent.ScoredToken> scores = new ArrayList<>();
        int end = prompt.length - 1;
        for (int from = 0; from < end && !cancellation.isCanceled(); from += CHUNK_TOKENS) {
            int to = Math.min(end, from + CHUNK_TOKENS);
            Tensor logits = session.append(Arrays.copyOfRange(prompt, from, to)); // [to - from, V]
            for (int position = from; position < to; position++) {
                row.read(logits, position - from);
                int tokenId = prompt[position + 1];
                scores.add(new RunEvent.ScoredToken(row.of(tokenId, numBest), row.rank(tokenId)));
            }
        }
        return scores;
    }
}
