package io.github.pastkv.serve.openai;

import io.github.pastkv.serve.run.RunEvent;
import io.github.pastkv.serve.run.RunRequest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/** Collects an answer that is made whole. */
public final class WholeAnswer implements Answer {
    private final Format format;
    private final List<AnswerChoice> choices;
    private final Map<Integer, List<RunEvent.ScoredToken>> promptScores = new HashMap<>();
    private final Usage usage;

    /** The JSON of an answer in one interface. */
    @FunctionalInterface
    public interface Format {
        /**
         * The whole answer.
         *
         * @param promptScores scores of prompts by their place, where they were asked for
         */
        ObjectNode whole(List<AnswerChoice> choices, Map<Integer, List<RunEvent.ScoredToken>> promptScores,
                Usage usage);
    }

    public WholeAnswer(RunRequest request, Format format) {
        this.format = format;
        this.choices = Stream.generate(AnswerChoice::new).limit(request.numChoices()).toList();
        this.usage = new Usage(request.numPromptTokens());
    }

    @Override
    public void take(RunEvent event) {
        switch (event) {
            case RunEvent.Piece piece -> choices.get(piece.choice()).add(piece);
            case RunEvent.ChoiceEnded ended -> {
                choices.get(ended.choice()).end(ended.reason());
                usage.addCompletionTokens(ended.numTokens());
            }
            case RunEvent.PromptScored scored -> promptScores.put(scored.prompt(), scored.tokens());
            case RunEvent.PromptEnded ended -> usage.addCachedTokens(ended.numReusedTokens());
            case RunEvent.Failed failed -> throw failed.error();
        }
    }

    @Override
    public void ping() {
        // whatever is sent now would be the status: an error could not be told any more
    }

    /** The answer, after all events. */
    public ObjectNode toJson() {
        return format.whole(choices, promptScores, usage);
    }

    /** The tokens of what has been taken so far. */
    public Usage usage() {
        return usage;
    }
}
