package io.github.pastkv.serve.run;

import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.generation.Generation;
import java.util.List;

/**
 * What became of the run of a prompt.
 *
 * @param reasons of its answers; empty when it was canceled
 */
record RunOutcome(RunTimes times, int numPromptTokens, int numReusedTokens, int numTokens,
        List<FinishReason> reasons) {
    static RunOutcome canceled(RunTimes times, int numPromptTokens, int numReusedTokens, int numTokens) {
        return new RunOutcome(times, numPromptTokens, numReusedTokens, numTokens, List.of());
    }

    static RunOutcome finished(RunTimes times, int numPromptTokens, Generation generation, int numTokens) {
        return new RunOutcome(times, numPromptTokens, generation.numReusedTokens(), numTokens,
                generation.rows().stream().map(GeneratedRow::reason).toList());
    }
}
