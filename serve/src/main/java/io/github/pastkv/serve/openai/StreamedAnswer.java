package io.github.pastkv.serve.openai;

import io.github.pastkv.serve.http.EventStream;
import io.github.pastkv.serve.http.Exchange;
import io.github.pastkv.serve.run.RunEvent;
import io.github.pastkv.serve.run.RunRequest;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Sends an answer as a stream, which begins with the first event of its request, or with the first ping. */
final class StreamedAnswer implements Answer {
    private final Exchange exchange;
    private final StreamFormat format;
    private final Usage usage;
    private @Nullable EventStream stream;
    private boolean hasFailed;

    StreamedAnswer(Exchange exchange, RunRequest request, StreamFormat format) {
        this.exchange = exchange;
        this.format = format;
        this.usage = new Usage(request.numPromptTokens());
    }

    @Override
    public void take(RunEvent event) throws IOException {
        switch (event) {
            case RunEvent.Piece piece -> format.piece(open(), piece);
            case RunEvent.ChoiceEnded ended -> {
                usage.addCompletionTokens(ended.numTokens());
                format.choiceEnded(open(), ended);
            }
            case RunEvent.PromptScored _ -> throw new IllegalStateException("scores of prompts are not streamed");
            case RunEvent.PromptEnded ended -> usage.addCachedTokens(ended.numReusedTokens());
            case RunEvent.Failed failed -> {
                if (stream == null) { // the status can still tell
                    throw failed.error();
                }
                hasFailed = true;
                format.failed(stream, failed.error());
            }
        }
    }

    @Override
    public void ping() throws IOException {
        format.ping(open());
    }

    /** All events have been taken: sends what is left. */
    void end() throws IOException {
        if (!hasFailed) {
            format.end(open(), usage);
        }
    }

    private EventStream open() throws IOException {
        if (stream == null) {
            stream = exchange.events();
            format.begin(stream);
        }
        return stream;
    }
}
