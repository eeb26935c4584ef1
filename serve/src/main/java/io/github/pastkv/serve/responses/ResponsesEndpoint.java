package io.github.pastkv.serve.responses;

import io.github.pastkv.serve.http.Endpoint;
import io.github.pastkv.serve.http.Exchange;
import io.github.pastkv.serve.openai.Answers;
import io.github.pastkv.serve.openai.ChatRequest;
import io.github.pastkv.serve.openai.Models;
import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.request.Client;
import io.github.pastkv.serve.request.RequestFields;
import java.io.IOException;

/** {@code POST /v1/responses}, without state: what is asked is the whole conversation, and nothing is stored. */
public final class ResponsesEndpoint implements Endpoint {
    private final Models models;
    private final Answers answers;

    public ResponsesEndpoint(Models models, Answers answers) {
        this.models = models;
        this.answers = answers;
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        RequestFields fields = exchange.readJson();
        ChatRequest request = read(fields, exchange.client());
        ResponseJson json = new ResponseJson(request, fields);
        if (request.streams()) {
            answers.stream(exchange, request.run(), new ResponseStream(json));
        } else {
            answers.sendWhole(exchange, request.run(), (choices, _, usage) -> json.ended(choices.getFirst(), usage));
        }
    }

    private ChatRequest read(RequestFields fields, Client client) {
        try {
            return ChatRequest.read(ResponsesFields.toChat(fields), client, models, "input");
        } catch (ApiException e) {
            throw ResponsesFields.inTheirNames(e);
        }
    }
}
