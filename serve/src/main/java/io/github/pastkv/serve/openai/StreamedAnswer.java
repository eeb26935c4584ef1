package io.github.pastkv.serve.openai;

import io.github.pastkv.serve.http.EventStream;
import io.github.pastkv.serve.http.Exchange;
import io.github.pastkv.serve.run.RunEvent;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Sends an answer as a stream of OpenAI's chunks. The stream begins with the first event, or with the first ping. */
final class StreamedAnswer implements RunPump.Answer {
    private final Exchange exchange;
    private final AnswerJson json;
    private final AnswerOptions options;
    private final Usage usage;
    private @Nullable EventStream stream;
    private boolean hasFailed;

    StreamedAnswer(Exchange exchange, AnswerJson json, AnswerOptions options) {
        this.exchange = exchange;
        this.json = json;
        this.options = options;
        this.usage = new Usage(options.request().numPromptTokens());
    }

    @Override
    public void take(RunEvent event) throws IOException {
        switch (event) {
            case RunEvent.Text text -> open().send(json.text(text.choice(), text.text(), text.tokens()));
            case RunEvent.ChoiceEnded ended -> {
                usage.addCompletionTokens(ended.numTokens());
                open().send(json.last(ended.choice(), AnswerChoice.finishReason(ended.reason())));
            }
            case RunEvent.PromptScored _ -> throw new IllegalStateException("scores of prompts are not streamed");
            case RunEvent.PromptEnded ended -> usage.addCachedTokens(ended.numReusedTokens());
            case RunEvent.Failed failed -> {
                if (stream == null) { // the status can still tell
                    throw failed.error();
                }
                hasFailed = true;
                stream.send(failed.error().toJson());
            }
        }
    }

    @Override
    public void ping() throws IOException {
        open().ping();
    }

    /** Ends the stream, after all events. */
    void end() throws IOException {
        if (hasFailed) {
            return;
        }
        if (options.includesUsage()) {
            open().send(json.usage(usage));
        }
        open().sendDone();
    }

    private EventStream open() throws IOException {
        if (stream == null) {
            stream = exchange.events();
            for (int choice = 0; choice < options.request().numChoices(); choice++) {
                ObjectNode first = json.first(choice);
                if (first != null) {
                    stream.send(first);
                }
            }
        }
        return stream;
    }
}
