package io.github.pastkv.serve.openai;

import io.github.pastkv.serve.http.Endpoint;
import io.github.pastkv.serve.http.Exchange;
import java.io.IOException;

/** {@code POST /v1/chat/completions}. */
public final class ChatEndpoint implements Endpoint {
    /** Where it is served. */
    public static final String PATH = "/v1/chat/completions";

    private final Models models;
    private final Answers answers;

    public ChatEndpoint(Models models, Answers answers) {
        this.models = models;
        this.answers = answers;
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        ChatRequest request = ChatRequest.read(exchange.readJson(), exchange.client(), models);
        AnswerOptions options = request.answer();
        answers.send(exchange, options, new ChatAnswerJson(options), request.streams());
    }
}
