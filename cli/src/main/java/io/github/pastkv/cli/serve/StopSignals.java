package io.github.pastkv.cli.serve;

import java.util.concurrent.CompletableFuture;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;

/** SIGTERM and Ctrl-C as a request to stop. The second one ends the process. */
final class StopSignals implements AutoCloseable {
    private static final int INTERRUPTED = 130;
    private static final int TERMINATED = 143;

    private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();
    private final @Nullable Object interruptHandler = Signals.register("INT", () -> stop(INTERRUPTED, INTERRUPTED));
    private final @Nullable Object terminateHandler = Signals.register("TERM", () -> stop(0, TERMINATED));

    StopSignals() {}

    private void stop(int first, int second) {
        if (!exitCode.complete(first)) {
            Runtime.getRuntime().halt(second);
        }
    }

    /** Waits for the first signal. Returns the exit code that it asks for. */
    int await() {
        return exitCode.join();
    }

    /** Gives the signals back. */
    @Override
    public void close() {
        unregister("INT", interruptHandler);
        unregister("TERM", terminateHandler);
    }

    private static void unregister(String signal, @Nullable Object before) {
        if (before != null) {
            Signals.unregister(signal, before);
        }
    }
}
