package io.github.pastkv.serve.responses;

import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.serve.openai.AnswerChoice;
import io.github.pastkv.serve.openai.ChatRequest;
import io.github.pastkv.serve.openai.Usage;
import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.request.RequestFields;
import java.util.List;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The parts of OpenAI's response objects: a message of one text, and a call of a tool for each one called. */
final class ResponseJson {
    private static final List<String> ECHOED =
            List.of("instructions", "max_output_tokens", "metadata", "user", "top_logprobs");

    private final ChatRequest request;
    private final RequestFields fields;
    private final long createdSeconds = System.currentTimeMillis() / 1000;
    private final String id = "resp_" + hex();
    private final String messageId = "msg_" + hex();

    ResponseJson(ChatRequest request, RequestFields fields) {
        this.request = request;
        this.fields = fields;
    }

    private static String hex() {
        return UUID.randomUUID().toString().replace("-", "");
    }

    String messageId() {
        return messageId;
    }

    /** The response while it is made. */
    ObjectNode begun() {
        ObjectNode json = head("in_progress");
        json.putArray("output");
        json.putNull("usage");
        return json;
    }

    /** The response that has ended. */
    ObjectNode ended(AnswerChoice choice, Usage usage) {
        ObjectNode json = head(isCut(choice) ? "incomplete" : "completed");
        if (isCut(choice)) {
            json.putObject("incomplete_details").put("reason", "max_output_tokens");
        }
        ArrayNode output = json.putArray("output");
        if (!choice.text().isEmpty() || choice.calls().isEmpty()) {
            output.add(message(choice, isCut(choice) && choice.calls().isEmpty() ? "incomplete" : "completed"));
        }
        for (AnswerChoice.Call call : choice.calls()) {
            boolean isLast = call.equals(choice.calls().getLast());
            output.add(call(call, isLast && isCut(choice) ? "incomplete" : "completed"));
        }
        json.set("usage", usage(usage));
        return json;
    }

    /** A call of a tool as an item. */
    static ObjectNode call(AnswerChoice.Call call, String status) {
        return JsonMapper.shared().createObjectNode().put("id", callId(call)).put("type", "function_call")
                .put("status", status).put("call_id", call.id()).put("name", call.name())
                .put("arguments", call.arguments().toString());
    }

    /** The id of a call as an item. */
    static String callId(AnswerChoice.Call call) {
        return "fc_" + call.id();
    }

    /** Whether an answer ended for want of tokens, which a response calls incomplete. */
    static boolean isCut(AnswerChoice choice) {
        return choice.reason() == FinishReason.LENGTH || choice.reason() == FinishReason.CONTEXT_FULL;
    }

    /** The response that has failed. */
    ObjectNode failed(ApiException error) {
        ObjectNode json = head("failed");
        json.putObject("error").put("code", "server_error") // of OpenAI's codes
                .put("message", error.code().map(code -> code + ": ").orElse("") + error.getMessage());
        json.putArray("output");
        return json;
    }

    private ObjectNode head(String status) {
        ObjectNode json = JsonMapper.shared().createObjectNode().put("id", id).put("object", "response")
                .put("created_at", createdSeconds).put("status", status).putNull("error").putNull("incomplete_details")
                .put("model", request.run().model().name())
                .put("temperature", request.run().options().sampling().temperature())
                .put("top_p", request.run().options().sampling().topP())
                .put("parallel_tool_calls", fields.booleanOr("parallel_tool_calls", true))
                .putNull("previous_response_id").put("store", false)
                .put("truncation", "disabled").put("background", false);
        ECHOED.forEach(name -> json.set(name, fields.find(name).orElse(JsonMapper.shared().nullNode())));
        json.set("tool_choice",
                fields.find("tool_choice").orElse(JsonMapper.shared().getNodeFactory().stringNode("auto")));
        json.set("tools", fields.find("tools").orElse(JsonMapper.shared().createArrayNode()));
        json.putObject("text").set("format", fields.find("text").map(text -> text.path("format"))
                .filter(JsonNode::isObject)
                .orElseGet(() -> JsonMapper.shared().createObjectNode().put("type", "text")));
        json.putObject("reasoning").putNull("effort").putNull("summary");
        return json;
    }

    /** The message while it is made. */
    ObjectNode emptyMessage() {
        ObjectNode json = messageHead("in_progress");
        json.putArray("content");
        return json;
    }

    /** The message that has ended. */
    ObjectNode message(AnswerChoice choice, String status) {
        ObjectNode json = messageHead(status);
        json.putArray("content").add(part(choice));
        return json;
    }

    private ObjectNode messageHead(String status) {
        return JsonMapper.shared().createObjectNode().put("id", messageId).put("type", "message")
                .put("status", status).put("role", "assistant");
    }

    /** The text of a message so far. */
    ObjectNode part(AnswerChoice choice) {
        ObjectNode json = JsonMapper.shared().createObjectNode().put("type", "output_text").put("text", choice.text());
        json.putArray("annotations");
        json.set("logprobs", logProbabilities(choice));
        return json;
    }

    boolean hasLogProbabilities() {
        return request.hasLogProbabilities();
    }

    /** Log-probabilities of the tokens so far; empty unless asked for. */
    JsonNode logProbabilities(AnswerChoice choice) {
        ArrayNode none = JsonMapper.shared().createArrayNode();
        return request.hasLogProbabilities() ? request.logProbabilities(choice).path("content") : none;
    }

    private static ObjectNode usage(Usage usage) {
        ObjectNode json = JsonMapper.shared().createObjectNode().put("input_tokens", usage.numPromptTokens());
        json.putObject("input_tokens_details").put("cached_tokens", usage.numCachedTokens())
                .put("cache_write_tokens", 0);
        json.put("output_tokens", usage.numCompletionTokens());
        json.putObject("output_tokens_details").put("reasoning_tokens", 0);
        return json.put("total_tokens", usage.numPromptTokens() + usage.numCompletionTokens());
    }
}
