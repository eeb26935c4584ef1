package io.github.pastkv.serve.openai;

import io.github.pastkv.serve.run.RunEvent;
import io.github.pastkv.serve.run.RunRequest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/** Collects an answer that is sent whole. */
final class WholeAnswer implements RunPump.Answer {
    private final List<AnswerChoice> choices;
    private final Map<Integer, List<RunEvent.ScoredToken>> promptScores = new HashMap<>();
    private final Usage usage;

    WholeAnswer(RunRequest request) {
        this.choices = Stream.generate(AnswerChoice::new).limit(request.numChoices()).toList();
        this.usage = new Usage(request.numPromptTokens());
    }

    @Override
    public void take(RunEvent event) {
        switch (event) {
            case RunEvent.Text text -> {
                choices.get(text.choice()).text.append(text.text());
                choices.get(text.choice()).tokens.addAll(text.tokens());
            }
            case RunEvent.ChoiceEnded ended -> {
                choices.get(ended.choice()).reason = ended.reason();
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

    List<AnswerChoice> choices() {
        return choices;
    }

    Usage usage() {
        return usage;
    }

    ObjectNode toJson(AnswerJson json) {
        return json.whole(choices, promptScores, usage);
    }
}
