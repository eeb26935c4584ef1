package io.github.pastkv.serve.http;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.eclipse.jetty.server.Request;

/**
 * Counts requests whose answers are not sent completely. Jetty's own graceful stop also waits for HTTP/2 sessions, and
 * until its timeout for one that its client closes at the same moment. Safe for any number of threads.
 */
final class OpenRequests {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private int number;

    /** Counts a request until it is completed, whatever becomes of it. */
    void add(Request request) {
        count(1);
        Request.addCompletionListener(request, _ -> count(-1));
    }

    private void count(int change) {
        lock.lock();
        try {
            number += change;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until there is none, at most for {@code timeout}. */
    void awaitNone(Duration timeout) throws InterruptedException {
        lock.lock();
        try {
            long left = timeout.toNanos();
            while (number > 0 && left > 0) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }
}
