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

    /** A piece of a choice. */
    sealed interface Piece extends RunEvent {
        int choice();

        /** Those that it comes from, as far as they are complete: without log-probabilities (NaN) unless asked for. */
        List<TokenLogProbability> tokens();
    }

    /** A choice has new text. */
    record Text(int choice, String text, List<TokenLogProbability> tokens) implements Piece {
        public Text {
            tokens = List.copyOf(tokens);
        }
    }

    /**
     * A choice begins to call a tool.
     *
     * @param index of the call in its choice
     * @param id that its result refers to
     * @param name of the tool
     */
    record CallStarted(int choice, int index, String id, String name, List<TokenLogProbability> tokens)
            implements
            Piece {
        public CallStarted {
            tokens = List.copyOf(tokens);
        }
    }

    /** More of the JSON of a call's arguments. */
    record CallArguments(int choice, int index, String json, List<TokenLogProbability> tokens) implements Piece {
        public CallArguments {
            tokens = List.copyOf(tokens);
        }
    }

    /**
     * A choice has ended, after all of its pieces.
     *
     * @param callsTools whether it has called one
     */
    record ChoiceEnded(int choice, FinishReason reason, int numTokens, boolean callsTools) implements RunEvent {}

    /** All choices of a prompt have ended. */
    record PromptEnded(int prompt, int numReusedTokens) implements RunEvent {}

    /** The request has failed; nothing follows. */
    record Failed(ApiException error) implements RunEvent {}
}
