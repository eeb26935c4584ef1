package io.github.pastkv.serve.openai;

import io.github.pastkv.model.generation.TokenLogProbability;
import io.github.pastkv.serve.run.RunEvent;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Answers of {@code /v1/chat/completions}. */
final class ChatAnswerJson implements AnswerJson {
    private final AnswerOptions options;
    private final LogProbabilityJson logProbabilities;

    ChatAnswerJson(AnswerOptions options) {
        this.options = options;
        this.logProbabilities = new LogProbabilityJson(options.request().model().tokenizer());
    }

    @Override
    public ObjectNode whole(List<AnswerChoice> choices, Map<Integer, List<RunEvent.ScoredToken>> promptScores,
            Usage usage) {
        ObjectNode json = head("chat.completion");
        ArrayNode list = json.putArray("choices");
        for (AnswerChoice choice : choices) {
            ObjectNode each = list.addObject().put("index", list.size() - 1);
            each.set("message", message(choice));
            putLogProbabilities(each, choice.tokens());
            putTokenIds(each, choice.tokenIds());
            each.put("finish_reason", choice.finishReason());
        }
        promptScores.values().forEach(scores -> json.set("prompt_logprobs", logProbabilities.prompt(scores)));
        putPromptTokenIds(json);
        json.set("usage", usage.toJson());
        return json;
    }

    private static ObjectNode message(AnswerChoice choice) {
        boolean hasText = choice.calls().isEmpty() || !choice.text().isEmpty();
        ObjectNode message = JsonMapper.shared().createObjectNode().put("role", "assistant")
                .put("content", hasText ? choice.text() : null).putNull("refusal");
        if (!choice.calls().isEmpty()) {
            ArrayNode calls = message.putArray("tool_calls");
            choice.calls().forEach(call -> calls.addObject().put("id", call.id()).put("type", "function")
                    .putObject("function").put("name", call.name()).put("arguments", call.arguments().toString()));
        }
        return message;
    }

    private ObjectNode head(String object) {
        return JsonMapper.shared().createObjectNode().put("id", options.id()).put("object", object)
                .put("created", options.createdSeconds()).put("model", options.request().model().name())
                .put("system_fingerprint", "pastkv " + options.request().model().model().numericIdentity());
    }

    private ObjectNode chunk() {
        ObjectNode json = head("chat.completion.chunk");
        if (options.includesUsage()) {
            json.putNull("usage");
        }
        return json;
    }

    private void putLogProbabilities(ObjectNode choice, List<TokenLogProbability> tokens) {
        if (options.hasLogProbabilities()) {
            choice.set("logprobs", logProbabilities.chat(tokens));
        } else {
            choice.putNull("logprobs");
        }
    }

    private void putTokenIds(ObjectNode choice, List<Integer> ids) {
        if (options.hasTokenIds()) {
            ArrayNode list = choice.putArray("token_ids");
            ids.forEach(list::add);
        }
    }

    private void putPromptTokenIds(ObjectNode json) {
        if (options.hasTokenIds()) {
            ArrayNode list = json.putArray("prompt_token_ids");
            for (int id : options.request().prompts().getFirst()) {
                list.add(id);
            }
        }
    }

    @Override
    public ObjectNode first(int choice) {
        ObjectNode json = chunk();
        ObjectNode each = json.putArray("choices").addObject().put("index", choice);
        each.putObject("delta").put("role", "assistant").put("content", "");
        each.putNull("logprobs").putNull("finish_reason");
        if (choice == 0) {
            putPromptTokenIds(json);
        }
        return json;
    }

    @Override
    public ObjectNode text(int choice, String text, List<TokenLogProbability> tokens) {
        return chunk(choice, JsonMapper.shared().createObjectNode().put("content", text), tokens);
    }

    private ObjectNode chunk(int choice, ObjectNode delta, List<TokenLogProbability> tokens) {
        ObjectNode json = chunk();
        ObjectNode each = json.putArray("choices").addObject().put("index", choice);
        each.set("delta", delta);
        putLogProbabilities(each, tokens);
        putTokenIds(each, tokens.stream().map(TokenLogProbability::tokenId).toList());
        each.putNull("finish_reason");
        return json;
    }

    @Override
    public ObjectNode callStarted(RunEvent.CallStarted call) {
        ObjectNode delta = JsonMapper.shared().createObjectNode();
        delta.putArray("tool_calls").addObject().put("index", call.index()).put("id", call.id())
                .put("type", "function").putObject("function").put("name", call.name()).put("arguments", "");
        return chunk(call.choice(), delta, call.tokens());
    }

    @Override
    public ObjectNode callArguments(RunEvent.CallArguments arguments) {
        ObjectNode delta = JsonMapper.shared().createObjectNode();
        delta.putArray("tool_calls").addObject().put("index", arguments.index()).putObject("function")
                .put("arguments", arguments.json());
        return chunk(arguments.choice(), delta, arguments.tokens());
    }

    @Override
    public ObjectNode last(int choice, String finishReason) {
        ObjectNode json = chunk();
        ObjectNode each = json.putArray("choices").addObject().put("index", choice);
        each.putObject("delta");
        each.putNull("logprobs").put("finish_reason", finishReason);
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
