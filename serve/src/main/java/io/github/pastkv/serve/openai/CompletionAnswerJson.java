package io.github.pastkv.serve.openai;

import io.github.pastkv.model.generation.TokenLogProbability;
import io.github.pastkv.serve.run.RunEvent;
import io.github.pastkv.serve.run.RunRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Answers of {@code /v1/completions}. */
final class CompletionAnswerJson implements AnswerJson {
    private final AnswerOptions options;
    private final RunRequest request;
    private final boolean scoresPrompts;
    private final LogProbabilityJson logProbabilities;
    private final int[] textLengths; // by choice, of what has been streamed

    /** @param scoresPrompts whether {@code prompt_logprobs} were asked for */
    CompletionAnswerJson(AnswerOptions options, boolean scoresPrompts) {
        this.options = options;
        this.request = options.request();
        this.scoresPrompts = scoresPrompts;
        this.logProbabilities = new LogProbabilityJson(request.model().tokenizer());
        this.textLengths = new int[request.numChoices()];
    }

    @Override
    public ObjectNode whole(List<AnswerChoice> choices, Map<Integer, List<RunEvent.ScoredToken>> promptScores,
            Usage usage) {
        ObjectNode json = chunk();
        ArrayNode list = json.putArray("choices");
        for (AnswerChoice choice : choices) {
            int index = list.size();
            int prompt = promptOf(index);
            String echo = options.echoes() ? promptText(prompt) : "";
            ObjectNode each = list.addObject().put("index", index).put("text", echo + choice.text());
            List<TokenLogProbability> tokens = new ArrayList<>();
            if (options.echoes() && options.hasLogProbabilities()) {
                tokens.add(new TokenLogProbability(request.prompts().get(prompt)[0], Double.NaN, List.of()));
                promptScores.getOrDefault(prompt, List.of()).forEach(score -> tokens.add(score.logProbability()));
            }
            tokens.addAll(choice.tokens());
            putLogProbabilities(each, tokens, 0);
            if (scoresPrompts) {
                each.set("prompt_logprobs", logProbabilities.prompt(promptScores.getOrDefault(prompt, List.of())));
            }
            putPromptTokenIds(each, prompt);
            putTokenIds(each, choice.tokenIds());
            each.put("finish_reason", choice.finishReason());
        }
        json.set("usage", usage.toJson());
        return json;
    }

    private int promptOf(int choice) {
        return choice / request.options().numReturnSequences();
    }

    private String promptText(int prompt) {
        return request.model().tokenizer().decode(request.prompts().get(prompt), true);
    }

    private ObjectNode chunk() {
        ObjectNode json = JsonMapper.shared().createObjectNode().put("id", options.id())
                .put("object", "text_completion")
                .put("created", options.createdSeconds()).put("model", request.model().name())
                .put("system_fingerprint", "pastkv " + request.model().model().numericIdentity());
        if (options.includesUsage()) {
            json.putNull("usage");
        }
        return json;
    }

    private void putLogProbabilities(ObjectNode choice, List<TokenLogProbability> tokens, int textOffset) {
        if (!options.hasLogProbabilities()) {
            choice.putNull("logprobs");
            return;
        }
        ObjectNode json = logProbabilities.completion();
        int offset = textOffset;
        for (TokenLogProbability token : tokens) {
            offset = logProbabilities.addTo(json, token, offset);
        }
        choice.set("logprobs", json);
    }

    private void putTokenIds(ObjectNode choice, List<Integer> ids) {
        if (options.hasTokenIds()) {
            ArrayNode list = choice.putArray("token_ids");
            ids.forEach(list::add);
        }
    }

    private void putPromptTokenIds(ObjectNode choice, int prompt) {
        if (options.hasTokenIds()) {
            ArrayNode list = choice.putArray("prompt_token_ids");
            for (int id : request.prompts().get(prompt)) {
                list.add(id);
            }
        }
    }

    @Override
    public @Nullable ObjectNode first(int choice) {
        if (!options.echoes() && !options.hasTokenIds()) {
            return null;
        }
        String echo = options.echoes() ? promptText(promptOf(choice)) : "";
        ObjectNode json = text(choice, echo, List.of());
        putPromptTokenIds((ObjectNode) json.path("choices").path(0), promptOf(choice));
        return json;
    }

    @Override
    public ObjectNode text(int choice, String text, List<TokenLogProbability> tokens) {
        ObjectNode json = chunk();
        ObjectNode each = json.putArray("choices").addObject().put("index", choice).put("text", text);
        putLogProbabilities(each, tokens, textLengths[choice]);
        putTokenIds(each, tokens.stream().map(TokenLogProbability::tokenId).toList());
        each.putNull("finish_reason");
        textLengths[choice] += text.length();
        return json;
    }

    @Override
    public ObjectNode last(int choice, String finishReason) {
        ObjectNode json = chunk();
        json.putArray("choices").addObject().put("index", choice).put("text", "").putNull("logprobs")
                .put("finish_reason", finishReason);
        return json;
    }

    @Override
    public ObjectNode usage(Usage usage) {
        ObjectNode json = chunk();
        json.putArray("choices");
        json.set("usage", usage.toJson());
        return json;
    }
}
