package io.github.pastkv.cli.io;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C as a request: once there is a {@linkplain #resultToCome result to come}, the end of the process waits a few
 * seconds for the work to see {@link #isRequested}, print what it has and {@link #close} this.
 */
public final class Interruption implements AutoCloseable {
    private static final long MAX_WAIT_SECONDS = 5;

    private final Thread hook = new Thread(this::request, "pastkv-interruption");
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile boolean requested;
    private volatile boolean resultToCome;

    public Interruption() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Whether the work should come to an end. */
    public boolean isRequested() {
        return requested;
    }

    /** From now on the process waits for the work to end. */
    public void resultToCome() {
        resultToCome = true;
    }

    private void request() {
        requested = true;
        if (resultToCome) {
            try {
                boolean _ = finished.await(MAX_WAIT_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Says that all has been printed. */
    @Override
    public void close() {
        finished.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException _) {
            // The process is ending: the hook is at work.
        }
    }
}
