package io.github.pastkv.cache;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.ref.Cleaner;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Records where a cache was opened and closed, and reports caches that become unreachable without being closed. Costs
 * two stack traces per cache.
 */
final class LeakDetector {
    private static final Cleaner CLEANER = Cleaner.create();

    private final Trace trace;
    private final Cleaner.Cleanable cleanable;

    private LeakDetector(Object cache, Trace trace) {
        this.trace = trace;
        this.cleanable = CLEANER.register(cache, trace);
    }

    /** Watches a cache if there is a leak listener. */
    static @Nullable LeakDetector of(Object cache, @Nullable Consumer<String> listener) {
        return listener == null ? null : new LeakDetector(cache, new Trace(listener));
    }

    void closed() {
        trace.closed = new Throwable("the cache was closed here");
        cleanable.clean();
    }

    /** Where the cache was closed, or null. */
    @Nullable
    Throwable whereClosed() {
        return trace.closed;
    }

    /** Must not refer to the cache. */
    private static final class Trace implements Runnable {
        private final Consumer<String> listener;
        private final Throwable opened = new Throwable("the cache was opened here");
        private volatile @Nullable Throwable closed;

        Trace(Consumer<String> listener) {
            this.listener = listener;
        }

        @Override
        public void run() {
            if (closed == null) {
                StringWriter text = new StringWriter();
                opened.printStackTrace(new PrintWriter(text));
                listener.accept("a cache was never closed: " + text);
            }
        }
    }
}
