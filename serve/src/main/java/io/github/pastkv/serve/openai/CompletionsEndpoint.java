package io.github.pastkv.serve.openai;

import io.github.pastkv.serve.http.Endpoint;
import io.github.pastkv.serve.http.Exchange;
import java.io.IOException;

/** {@code POST /v1/completions}. */
public final class CompletionsEndpoint implements Endpoint {
    /** Where it is served. */
    public static final String PATH = "/v1/completions";

    private final Models models;
    private final Answers answers;

    public CompletionsEndpoint(Models models, Answers answers) {
        this.models = models;
        this.answers = answers;
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        CompletionRequest request = CompletionRequest.read(exchange.readJson(), exchange.client(), models);
        answers.send(exchange, request.answer(), request.json(), request.streams());
    }
}
