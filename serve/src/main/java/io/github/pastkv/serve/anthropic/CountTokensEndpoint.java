package io.github.pastkv.serve.anthropic;

import io.github.pastkv.serve.http.Endpoint;
import io.github.pastkv.serve.http.Exchange;
import io.github.pastkv.serve.openai.Models;
import io.github.pastkv.serve.openai.TokenizeEndpoint;
import io.github.pastkv.serve.request.RequestFields;
import java.io.IOException;
import tools.jackson.databind.json.JsonMapper;

/** {@code POST /v1/messages/count_tokens}: the length of the prompt that messages are. */
public record CountTokensEndpoint(Models models) implements Endpoint {
    @Override
    public void handle(Exchange exchange) throws IOException {
        RequestFields chat = MessagesFields.ofCount(exchange.readJson());
        int numTokens = TokenizeEndpoint.prompt(chat, models.of(chat)).length;
        exchange.send(200, JsonMapper.shared().createObjectNode().put("input_tokens", numTokens));
    }
}
