package io.github.pastkv.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** Pauses of a server that fails. */
class DeadlineCallsTest {
    private static final int NUM_CALLS = 16;

    @Test
    void callsThatFailTogether_areOneFailure() throws InterruptedException {
        try (DeadlineCalls calls =
                new DeadlineCalls("tier", Duration.ofSeconds(20), NUM_CALLS, Duration.ofMillis(1))) {
            CountDownLatch allRun = new CountDownLatch(NUM_CALLS);
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < NUM_CALLS; i++) {
                threads.add(Thread.ofVirtual().start(
                        () -> assertThatThrownBy(() -> calls.call(() -> {
                            allRun.countDown();
                            allRun.await();
                            throw new IOException("gone");
                        })).isInstanceOf(TierUnavailableException.class)));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(answers(calls)).as("each counted, the pause is 30 seconds").isTrue();
        }
    }

    private static boolean answers(DeadlineCalls calls) {
        for (int i = 0; i < 1000; i++) {
            try {
                return calls.call(() -> true);
            } catch (TierUnavailableException e) {
                LockSupport.parkNanos(10_000_000);
            }
        }
        return false;
    }
}
