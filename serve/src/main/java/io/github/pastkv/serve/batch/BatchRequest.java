package io.github.pastkv.serve.batch;

import io.github.pastkv.serve.openai.ChatEndpoint;
import io.github.pastkv.serve.openai.ChatRequest;
import io.github.pastkv.serve.openai.CompletionRequest;
import io.github.pastkv.serve.openai.CompletionsEndpoint;
import io.github.pastkv.serve.openai.Models;
import io.github.pastkv.serve.openai.WholeAnswer;
import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.request.Client;
import io.github.pastkv.serve.request.RequestFields;
import io.github.pastkv.serve.run.RunRequest;
import java.util.List;

/**
 * A request of a batch, read from its line.
 *
 * @param run what is generated
 * @param format the JSON of its answer
 */
record BatchRequest(RunRequest run, WholeAnswer.Format format) {
    private static final Client CLIENT = new Client("batch", false, null);

    /**
     * Reads the body of a request.
     *
     * @throws ApiException 400 for what is not supported, by name
     */
    static BatchRequest read(BatchLine line, Models models) {
        BatchLine.Request lineRequest = line.request();
        RequestFields body = lineRequest.body();
        if (body.booleanOr("stream", false)) {
            throw ApiException.unsupported("stream", "answers of a batch are written whole");
        }
        return switch (lineRequest.url()) {
            case CompletionsEndpoint.PATH -> {
                CompletionRequest request = CompletionRequest.read(body, CLIENT, models);
                yield new BatchRequest(request.run(), request.format());
            }
            case ChatEndpoint.PATH -> {
                ChatRequest request = ChatRequest.read(body, CLIENT, models);
                yield new BatchRequest(request.run(), request.format());
            }
            default -> throw ApiException.badField("url", "'" + lineRequest.url() + "', must be one of "
                    + List.of(ChatEndpoint.PATH, CompletionsEndpoint.PATH));
        };
    }

    /** The tokens by which requests are sorted: those of the first prompt. */
    int[] sortKey() {
        return run.prompts().getFirst();
    }

    /** Tokens over all prompts. */
    int numPromptTokens() {
        return run.numPromptTokens();
    }
}
