package io.github.pastkv.cli.io;

import java.util.function.Supplier;

/**
 * Tells on stderr of work that takes more than two seconds: one line, which on a terminal counts the seconds and goes
 * away when the work is done.
 */
public final class Progress implements AutoCloseable {
    private static final long QUIET_MILLIS = 2000;
    private static final long REPEAT_MILLIS = 500;
    private static final String ERASE_LINE = "\r\033[K";

    private final Streams streams;
    private final Supplier<String> what;
    private final long quietMillis;
    private final long startNanos = System.nanoTime();
    private boolean shown;
    private boolean closed;

    private Progress(Streams streams, Supplier<String> what, long quietMillis) {
        this.streams = streams;
        this.what = what;
        this.quietMillis = quietMillis;
    }

    /** Begins to watch; {@code what} is for example "loading the model". */
    public static Progress of(Streams streams, String what) {
        return of(streams, what, QUIET_MILLIS);
    }

    /** The same for work whose state changes; {@code what} is asked on another thread. */
    public static Progress of(Streams streams, Supplier<String> what) {
        return of(streams, what, QUIET_MILLIS);
    }

    /** {@link #of(Streams, String)} with another time until the line. */
    public static Progress of(Streams streams, String what, long quietMillis) {
        return of(streams, () -> what, quietMillis);
    }

    private static Progress of(Streams streams, Supplier<String> what, long quietMillis) {
        Progress progress = new Progress(streams, what, quietMillis);
        Thread thread = new Thread(progress::watch, "pastkv-progress");
        thread.setDaemon(true);
        thread.start();
        return progress;
    }

    private synchronized void watch() {
        try {
            while (!closed) {
                long millis = (System.nanoTime() - startNanos) / 1_000_000;
                if (millis < quietMillis) {
                    wait(quietMillis - millis);
                } else if (streams.errIsTerminal()) {
                    show(ERASE_LINE + MessageStream.escape("pastkv: " + what.get() + " ... " + millis / 1000 + " s"));
                    wait(REPEAT_MILLIS);
                } else {
                    show(MessageStream.escape("pastkv: " + what.get() + " ...") + System.lineSeparator());
                    return;
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void show(String line) {
        streams.printControls(line);
        streams.err().flush();
        shown = true;
    }

    /** The work is done. Closing again does nothing. */
    @Override
    public synchronized void close() {
        if (!closed && shown && streams.errIsTerminal()) {
            show(ERASE_LINE);
        }
        closed = true;
        notifyAll();
    }
}
