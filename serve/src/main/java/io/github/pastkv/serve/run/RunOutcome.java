package io.github.pastkv.serve.run;

import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.generation.Generation;
import java.util.List;

/**
 * What became of the run of a prompt.
 *
 * @param numTokens of all answers
 * @param numLongestTokens of the longest answer; all where it was canceled
 * @param reasons of its answers; empty when it was canceled
 */
record RunOutcome(RunTimes times, int numPromptTokens, int numReusedTokens, int numTokens,
        int numLongestTokens, List<FinishReason> reasons) {
    static RunOutcome canceled(RunTimes times, int numPromptTokens, int numReusedTokens, int numTokens) {
        return new RunOutcome(times, numPromptTokens, numReusedTokens, numTokens, numTokens, List.of());
    }

    static RunOutcome finished(RunTimes times, int numPromptTokens, Generation generation, int numTokens) {
        int numLongest = generation.rows().stream().mapToInt(row -> row.tokenIds().size()).max().orElse(0);
        return new RunOutcome(times, numPromptTokens, generation.numReusedTokens(), numTokens, numLongest,
                generation.rows().stream().map(GeneratedRow::reason).toList());
    }
}
