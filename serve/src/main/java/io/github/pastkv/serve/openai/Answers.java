package io.github.pastkv.serve.openai;

import io.github.pastkv.serve.http.Exchange;
import io.github.pastkv.serve.run.RequestQueue;
import io.github.pastkv.serve.run.RequestRun;
import java.io.IOException;
import java.time.Duration;

/**
 * Runs requests and sends their answers.
 *
 * @param pingInterval after which a stream that has nothing to send sends a comment
 */
public record Answers(RequestQueue queue, Duration pingInterval) {
    /** Runs a request, and sends its answer whole or as it comes. Returns when all has been sent. */
    void send(Exchange exchange, AnswerOptions options, AnswerJson json, boolean streams) throws IOException {
        try (RequestRun run = queue.submit(options.request())) {
            RunPump pump = new RunPump(exchange, pingInterval);
            if (streams) {
                StreamedAnswer answer = new StreamedAnswer(exchange, json, options);
                pump.run(run, answer);
                answer.end();
            } else {
                WholeAnswer answer = new WholeAnswer(options.request());
                pump.run(run, answer);
                exchange.send(200, answer.toJson(json));
            }
        }
    }
}
