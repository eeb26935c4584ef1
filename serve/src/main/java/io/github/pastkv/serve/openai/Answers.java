package io.github.pastkv.serve.openai;

import io.github.pastkv.serve.http.Exchange;
import io.github.pastkv.serve.run.RequestQueue;
import io.github.pastkv.serve.run.RequestRun;
import io.github.pastkv.serve.run.RunRequest;
import java.io.IOException;
import java.time.Duration;

/**
 * Runs requests and sends their answers.
 *
 * @param pingInterval after which a stream that has nothing to send sends a comment
 */
public record Answers(RequestQueue queue, Duration pingInterval) {
    /** Runs a request whose answer is sent whole. Returns when it has been sent. */
    public void sendWhole(Exchange exchange, RunRequest request, WholeAnswer.Format format) throws IOException {
        send(exchange, request, new WholeAnswer(exchange, request, format));
    }

    /** Runs a request whose answer is sent as it comes. Returns when all has been sent. */
    public void stream(Exchange exchange, RunRequest request, StreamFormat format) throws IOException {
        send(exchange, request, new StreamedAnswer(exchange, request, format));
    }

    private void send(Exchange exchange, RunRequest request, Answer answer) throws IOException {
        try (RequestRun run = queue.submit(request)) {
            new RunPump(exchange, pingInterval).run(run, answer);
            answer.end();
        }
    }
}
