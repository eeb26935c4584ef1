package io.github.pastkv.serve.openai;

import io.github.pastkv.serve.http.Endpoint;
import io.github.pastkv.serve.http.Exchange;
import java.io.IOException;
import java.util.UUID;

/** {@code POST /v1/chat/completions}. */
public final class ChatEndpoint implements Endpoint {
    private final Models models;
    private final Answers answers;

    public ChatEndpoint(Models models, Answers answers) {
        this.models = models;
        this.answers = answers;
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        ChatRequest request = ChatRequest.read(exchange.readJson(), exchange, models);
        AnswerOptions options = new AnswerOptions(request.run(), "chatcmpl-" + UUID.randomUUID(),
                System.currentTimeMillis() / 1000, request.hasLogProbabilities(), request.hasTokenIds(), false,
                request.includesUsage());
        ChatAnswerJson json = new ChatAnswerJson(options);
        if (request.streams()) {
            answers.stream(exchange, request.run(), new ChunkFormat(json, options));
        } else {
            answers.sendWhole(exchange, request.run(), json);
        }
    }
}
