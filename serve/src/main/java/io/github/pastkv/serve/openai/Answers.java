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
        WholeAnswer answer = new WholeAnswer(request, format);
        run(exchange, request, answer);
        exchange.send(200, answer.toJson());
    }

    /** Runs a request whose answer is sent as it comes. Returns when all has been sent. */
    public void stream(Exchange exchange, RunRequest request, StreamFormat format) throws IOException {
        StreamedAnswer answer = new StreamedAnswer(exchange, request, format);
        run(exchange, request, answer);
        answer.end();
    }

    /** Runs a request of OpenAI's own endpoints. */
    void send(Exchange exchange, AnswerOptions options, AnswerJson json, boolean streams) throws IOException {
        if (streams) {
            stream(exchange, options.request(), new ChunkFormat(json, options));
        } else {
            sendWhole(exchange, options.request(), json);
        }
    }

    private void run(Exchange exchange, RunRequest request, Answer answer) throws IOException {
        try (RequestRun run = queue.submit(request)) {
            new RunPump(exchange, pingInterval).run(run, answer);
        }
    }
}
