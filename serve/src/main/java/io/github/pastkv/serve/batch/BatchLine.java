package io.github.pastkv.serve.batch;

import io.github.pastkv.serve.openai.ChatEndpoint;
import io.github.pastkv.serve.openai.CompletionsEndpoint;
import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.request.RequestFields;
import io.github.pastkv.serve.request.RequestJson;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A line of a batch: OpenAI's form with {@code custom_id}, {@code method}, {@code url} and {@code body}, or the body
 * alone.
 *
 * @param customId how the caller knows it; null for none
 */
record BatchLine(@Nullable String customId, RequestFields fields) {
    /**
     * Reads a line as far as its {@code custom_id}.
     *
     * @throws ApiException 400 for what is no JSON object
     */
    static BatchLine read(byte[] line) {
        RequestFields fields = RequestJson.read(line);
        return new BatchLine(fields.findString("custom_id").orElse(null), fields);
    }

    /**
     * The request that it holds.
     *
     * @throws ApiException 400 for what is neither form
     */
    Request request() {
        Optional<JsonNode> body = fields.find("body");
        if (body.isEmpty()) {
            boolean isChat = fields.find("messages").isPresent(); // which its endpoint reads again
            return new Request(isChat ? ChatEndpoint.PATH : CompletionsEndpoint.PATH, fields);
        }
        fields.refuseUnless("method", "must be POST", "POST");
        String url = fields.findString("url").orElseThrow(() -> ApiException.badField("url", "is missing"));
        fields.requireAllRead();
        return new Request(url, RequestFields.of("body", body.get()));
    }

    /**
     * A request.
     *
     * @param url of the endpoint that the body is for
     */
    record Request(String url, RequestFields body) {}
}
