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

/** Anthropic's events of a message: one block of text, and one for each call of a tool. */
final class MessageStream implements StreamFormat {
    private final MessageJson json;
    private final AnswerChoice choice = new AnswerChoice();
    private int numBlocks;
    private boolean isOpen; // the last block

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
    }

    private void open(EventStream stream, ObjectNode content) throws IOException {
        close(stream);
        ObjectNode block = event("content_block_start").put("index", numBlocks++);
        block.set("content_block", content);
        send(stream, block);
        isOpen = true;
    }

    private void close(EventStream stream) throws IOException {
        if (isOpen) {
            send(stream, event("content_block_stop").put("index", numBlocks - 1));
            isOpen = false;
        }
    }

    private void sendDelta(EventStream stream, String type, String field, String value) throws IOException {
        ObjectNode delta = event("content_block_delta").put("index", numBlocks - 1);
        delta.putObject("delta").put("type", type).put(field, value);
        send(stream, delta);
    }

    @Override
    public void piece(EventStream stream, RunEvent.Piece piece) throws IOException {
        choice.add(piece);
        switch (piece) {
            case RunEvent.Text text -> {
                if (!text.text().isEmpty()) {
                    if (!isOpen) {
                        open(stream, MessageJson.text(""));
                    }
                    sendDelta(stream, "text_delta", "text", text.text());
                }
            }
            case RunEvent.CallStarted call -> open(stream, MessageJson.call(call.id(), call.name(), ""));
            case RunEvent.CallArguments arguments ->
                    sendDelta(stream, "input_json_delta", "partial_json", arguments.json());
        }
    }

    @Override
    public void choiceEnded(EventStream stream, RunEvent.ChoiceEnded ended) throws IOException {
        choice.end(ended.reason());
        if (numBlocks == 0) {
            open(stream, MessageJson.text(""));
        }
        close(stream);
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
