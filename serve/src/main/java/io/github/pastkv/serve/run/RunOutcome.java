package io.github.pastkv.serve.run;

import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationOptions;
import java.util.List;

/**
 * What became of the run of a prompt.
 *
 * @param options what it was asked for with
 * @param numTokens of all answers
 * @param numLongestTokens of the longest answer; all where it was canceled
 * @param reasons of its answers; empty when it was canceled
 */
record RunOutcome(GenerationOptions options, RunTimes times, int numPromptTokens, int numReusedTokens, int numTokens,
        int numLongestTokens, List<FinishReason> reasons) {
    static RunOutcome canceled(GenerationOptions options, RunTimes times, int numPromptTokens, int numReusedTokens,
            int numTokens) {
        return new RunOutcome(options, times, numPromptTokens, numReusedTokens, numTokens, numTokens, List.of());
    }

    static RunOutcome finished(GenerationOptions options, RunTimes times, int numPromptTokens, Generation generation,
            int numTokens) {
        int numLongest = generation.rows().stream().mapToInt(row -> row.tokenIds().size()).max().orElse(0);
        return new RunOutcome(options, times, numPromptTokens, generation.numReusedTokens(), numTokens, numLongest,
                generation.rows().stream().map(GeneratedRow::reason).toList());
    }
}
