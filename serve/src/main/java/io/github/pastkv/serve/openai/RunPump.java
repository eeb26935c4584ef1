package io.github.pastkv.serve.openai;

import io.github.pastkv.serve.http.ClientGoneException;
import io.github.pastkv.serve.http.Exchange;
import io.github.pastkv.serve.run.RequestRun;
import io.github.pastkv.serve.run.RunEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** Hands the events of a request to its answer, and ends the request when its client has left. */
final class RunPump {
    private static final Duration MAX_WAIT = Duration.ofMillis(50);
    private static final long CHECK_NANOS = 20_000_000; // a running request asks the connection this often

    private final Exchange exchange;
    private final long pingNanos;

    RunPump(Exchange exchange, Duration pingInterval) {
        this.exchange = exchange;
        this.pingNanos = pingInterval.toNanos();
    }

    /** Returns when the request is over. */
    void run(RequestRun run, Answer answer) throws IOException {
        long lastCheck = System.nanoTime();
        long lastSent = lastCheck;
        while (!run.isOver()) {
            Optional<RunEvent> event = next(run);
            long now = System.nanoTime();
            if (event.isEmpty() || now - lastCheck > CHECK_NANOS) {
                lastCheck = now;
                requireClient();
            }
            if (event.isPresent()) {
                answer.take(event.get());
                lastSent = now;
            } else if (now - lastSent > pingNanos) {
                answer.ping();
                lastSent = now;
            }
        }
    }

    private void requireClient() throws ClientGoneException {
        if (exchange.isClientGone()) {
            throw new ClientGoneException();
        }
    }

    private static Optional<RunEvent> next(RequestRun run) throws IOException {
        try {
            return run.next(MAX_WAIT);
        } catch (InterruptedException _) { // the server stops
            Thread.currentThread().interrupt();
            throw new ClientGoneException();
        }
    }
}
