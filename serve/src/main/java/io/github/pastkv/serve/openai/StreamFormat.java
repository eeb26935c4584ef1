package io.github.pastkv.serve.openai;

import io.github.pastkv.serve.http.EventStream;
import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.run.RunEvent;
import java.io.IOException;

/** The events of one interface in which an answer is streamed. */
public interface StreamFormat {
    /** Sends what comes before all text. */
    void begin(EventStream stream) throws IOException;

    /** Sends a piece of a choice. */
    void piece(EventStream stream, RunEvent.Piece piece) throws IOException;

    /** Sends the end of a choice, where each has one. */
    void choiceEnded(EventStream stream, RunEvent.ChoiceEnded ended) throws IOException;

    /** Keeps the connection from timing out. */
    default void ping(EventStream stream) throws IOException {
        stream.ping();
    }

    /** Sends what comes after all choices. */
    void end(EventStream stream, Usage usage) throws IOException;

    /** Sends an error, after which nothing follows. */
    void failed(EventStream stream, ApiException error) throws IOException;
}
