package io.github.pastkv.serve.anthropic;

import io.github.pastkv.serve.http.Endpoint;
import io.github.pastkv.serve.http.Exchange;
import io.github.pastkv.serve.openai.Answers;
import io.github.pastkv.serve.openai.ChatRequest;
import io.github.pastkv.serve.openai.Models;
import io.github.pastkv.serve.request.ApiException;
import java.io.IOException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/messages}: Anthropic's form of a chat. */
public final class MessagesEndpoint implements Endpoint {
    public static final String PATH = "/v1/messages";

    private final Models models;
    private final Answers answers;

    public MessagesEndpoint(Models models, Answers answers) {
        this.models = models;
        this.answers = answers;
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        ChatRequest request =
                ChatRequest.read(MessagesFields.ofMessage(exchange.readJson()), exchange.client(), models);
        MessageJson json = new MessageJson(request.run());
        if (request.streams()) {
            answers.stream(exchange, request.run(), new MessageStream(json));
        } else {
            answers.sendWhole(exchange, request.run(),
                    (choices, _, usage) -> json.whole(choices.getFirst(), usage));
        }
    }

    /** Whether this path is one of Anthropic's interface. */
    public static boolean isPath(String path) {
        return path.equals(PATH) || path.startsWith(PATH + "/");
    }

    /** An error in Anthropic's form. */
    public static ObjectNode errorOf(ApiException error) {
        ObjectNode json = JsonMapper.shared().createObjectNode().put("type", "error");
        json.putObject("error").put("type", errorType(error.status())).put("message", error.getMessage());
        return json;
    }

    private static String errorType(int status) {
        return switch (status) {
            case 401 -> "authentication_error";
            case 403 -> "permission_error";
            case 404 -> "not_found_error";
            case 413 -> "request_too_large";
            case 429 -> "rate_limit_error";
            case 503 -> "overloaded_error";
            default -> status < 500 ? "invalid_request_error" : "api_error";
        };
    }
}
