package io.github.pastkv.serve.openai;

import io.github.pastkv.serve.http.EventStream;
import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.run.RunEvent;
import java.io.IOException;
import tools.jackson.databind.node.ObjectNode;

/** OpenAI's chunks, which the chat and the completions endpoint stream. */
record ChunkFormat(AnswerJson json, AnswerOptions options) implements StreamFormat {
    @Override
    public void begin(EventStream stream) throws IOException {
        for (int choice = 0; choice < options.request().numChoices(); choice++) {
            ObjectNode first = json.first(choice);
            if (first != null) {
                stream.send(first);
            }
        }
    }

    @Override
    public void piece(EventStream stream, RunEvent.Piece piece) throws IOException {
        stream.send(json.piece(piece));
    }

    @Override
    public void choiceEnded(EventStream stream, RunEvent.ChoiceEnded ended) throws IOException {
        stream.send(json.last(ended.choice(), AnswerChoice.finishReason(ended.reason(), ended.callsTools())));
    }

    @Override
    public void end(EventStream stream, Usage usage) throws IOException {
        if (options.includesUsage()) {
            stream.send(json.usage(usage));
        }
        stream.sendDone();
    }

    @Override
    public void failed(EventStream stream, ApiException error) throws IOException {
        stream.send(error.toJson());
    }
}
