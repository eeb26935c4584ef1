package io.github.pastkv.serve.run;

import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.TokenLogProbability;
import io.github.pastkv.serve.request.ApiException;
import java.util.List;

/** What happens to a request, in order. Choices are counted over all prompts. */
public sealed interface RunEvent {
    /** A prompt has been scored, where that was asked for: one item for each of its tokens but the first. */
    record PromptScored(int prompt, List<ScoredToken> tokens) implements RunEvent {
        public PromptScored {
            tokens = List.copyOf(tokens);
        }
    }

    /**
     * A token of a prompt.
     *
     * @param rank how many tokens were more probable, plus 1
     */
    record ScoredToken(TokenLogProbability logProbability, int rank) {}

    /**
     * A choice has new text.
     *
     * @param tokens that it comes from, as far as they are complete: without log-probabilities (NaN) unless asked for
     */
    record Text(int choice, String text, List<TokenLogProbability> tokens) implements RunEvent {
        public Text {
            tokens = List.copyOf(tokens);
        }
    }

    /** A choice has ended, after all of its text. */
    record ChoiceEnded(int choice, FinishReason reason, int numTokens) implements RunEvent {}

    /** All choices of a prompt have ended. */
    record PromptEnded(int prompt, int numReusedTokens) implements RunEvent {}

    /** The request has failed; nothing follows. */
    record Failed(ApiException error) implements RunEvent {}
}
