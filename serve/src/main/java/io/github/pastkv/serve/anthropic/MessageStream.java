package io.github.pastkv.serve.anthropic;

import io.github.pastkv.serve.http.EventStream;
import io.github.pastkv.serve.openai.AnswerChoice;
import io.github.pastkv.serve.openai.StreamFormat;
import io.github.pastkv.serve.openai.Usage;
import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.run.RunEvent;
import java.io.IOException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Anthropic's events of a message of one text block. */
final class MessageStream implements StreamFormat {
    private final MessageJson json;
    private final AnswerChoice choice = new AnswerChoice();

    MessageStream(MessageJson json) {
        this.json = json;
    }

    private static ObjectNode event(String type) {
        return JsonMapper.shared().createObjectNode().put("type", type);
    }

    private static void send(EventStream stream, ObjectNode event) throws IOException {
        stream.send(event.path("type").asString(), event);
    }

    @Override
    public void begin(EventStream stream) throws IOException {
        ObjectNode start = event("message_start");
        start.set("message", json.empty());
        send(stream, start);
        ObjectNode block = event("content_block_start").put("index", 0);
        block.putObject("content_block").put("type", "text").put("text", "");
        send(stream, block);
    }

    @Override
    public void text(EventStream stream, RunEvent.Text text) throws IOException {
        choice.add(text);
        if (!text.text().isEmpty()) {
            ObjectNode delta = event("content_block_delta").put("index", 0);
            delta.putObject("delta").put("type", "text_delta").put("text", text.text());
            send(stream, delta);
        }
    }

    @Override
    public void choiceEnded(EventStream stream, RunEvent.ChoiceEnded ended) throws IOException {
        choice.end(ended.reason());
        send(stream, event("content_block_stop").put("index", 0));
    }

    @Override
    public void ping(EventStream stream) throws IOException {
        send(stream, event("ping"));
    }

    @Override
    public void end(EventStream stream, Usage usage) throws IOException {
        ObjectNode delta = event("message_delta");
        json.putEnd(delta.putObject("delta"), choice);
        delta.set("usage",
                json.usage(usage.numPromptTokens(), usage.numCachedTokens(), usage.numCompletionTokens()));
        send(stream, delta);
        send(stream, event("message_stop"));
    }

    @Override
    public void failed(EventStream stream, ApiException error) throws IOException {
        send(stream, MessagesEndpoint.errorOf(error));
    }
}
