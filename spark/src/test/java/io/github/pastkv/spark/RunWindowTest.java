package io.github.pastkv.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.spark.TaskKilledException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RunWindowTest {
    private static final int MAX_RUNNING = 3;

    @Test
    void next_callsThatEndInAnotherOrder_keepsTheirs() {
        CountDownLatch secondIsDone = new CountDownLatch(1);
        List<Callable<Integer>> calls = List.of(() -> {
            secondIsDone.await();
            return 0;
        }, () -> {
            secondIsDone.countDown();
            return 1;
        }, () -> 2);
        try (RunWindow<Integer> window = new RunWindow<>(calls.iterator(), MAX_RUNNING, () -> false)) {
            List<Integer> results = new ArrayList<>();
            window.forEachRemaining(results::add);
            assertThat(results).containsExactly(0, 1, 2);
        }
    }

    @Test
    void next_manyCalls_takesABoundedNumberAhead() {
        AtomicInteger numTaken = new AtomicInteger();
        Iterator<Callable<Integer>> calls = IntStream.range(0, 100).<Callable<Integer>> mapToObj(number -> {
            numTaken.incrementAndGet();
            return () -> number;
        }).iterator();
        try (RunWindow<Integer> window = new RunWindow<>(calls, MAX_RUNNING, () -> false)) {
            for (int number = 0; number < 100; number++) {
                assertThat(window.next()).isEqualTo(number);
                assertThat(numTaken.get()).isLessThanOrEqualTo(number + 2 * MAX_RUNNING + 1);
            }
            assertThat(window.hasNext()).isFalse();
        }
    }

    @Test
    void next_callThatFails_throwsItsMessage() {
        List<Callable<Integer>> calls = List.of(() -> {
            throw new IllegalArgumentException("row 7");
        });
        try (RunWindow<Integer> window = new RunWindow<>(calls.iterator(), MAX_RUNNING, () -> false)) {
            assertThatThrownBy(window::next).hasMessage("row 7").hasCauseInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void next_taskThatIsKilled_endsWhileACallRuns() {
        CountDownLatch never = new CountDownLatch(1);
        List<Callable<Integer>> calls = List.of(() -> {
            never.await(); // until closing interrupts it
            return 0;
        });
        try (RunWindow<Integer> window = new RunWindow<>(calls.iterator(), MAX_RUNNING, () -> true)) {
            assertThatThrownBy(window::next).isInstanceOf(TaskKilledException.class);
        }
    }
}
