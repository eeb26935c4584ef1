package io.github.pastkv.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ComputePoolTest {
    private static final int NUM_TASKS = 20_000;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void run_doesEveryItemOnce_andReturnsWhenAllAreDone(int numThreads) {
        try (ComputePool pool = new ComputePool(numThreads)) {
            for (int task = 0; task < NUM_TASKS / numThreads; task++) {
                int numItems = 1 + task % 13;
                AtomicIntegerArray timesDone = new AtomicIntegerArray(numItems);
                pool.run(numItems, (item, _) -> timesDone.incrementAndGet(item));
                for (int item = 0; item < numItems; item++) {
                    assertThat(timesDone.get(item)).as("task %d, item %d", task, item).isEqualTo(1);
                }
            }
        }
    }

    @Test
    void run_neverGivesTwoItemsToOneWorkerAtOnce() {
        int numThreads = 3;
        try (ComputePool pool = new ComputePool(numThreads)) {
            AtomicIntegerArray busy = new AtomicIntegerArray(numThreads);
            for (int task = 0; task < NUM_TASKS / 10; task++) {
                pool.run(17, (_, worker) -> {
                    assertThat(busy.incrementAndGet(worker)).isEqualTo(1);
                    busy.decrementAndGet(worker);
                });
            }
        }
    }

    @Test
    void run_afterThreadsFellAsleep_wakesThem() throws InterruptedException {
        try (ComputePool pool = new ComputePool(2)) {
            for (int task = 0; task < 20; task++) {
                Thread.sleep(5); // longer than the threads spin
                CountDownLatch both = new CountDownLatch(2); // two items can only end together
                pool.run(2, (_, _) -> {
                    both.countDown();
                    awaitZero(both);
                });
            }
        }
    }

    private static void awaitZero(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void run_withAFailingItem_throwsIt_andTheNextTaskRuns(int numThreads) {
        try (ComputePool pool = new ComputePool(numThreads)) {
            assertThatThrownBy(() -> pool.run(5, (item, _) -> {
                if (item == 3) {
                    throw new ArithmeticException("item 3");
                }
            })).isInstanceOf(ArithmeticException.class).hasMessage("item 3");
            AtomicInteger numDone = new AtomicInteger();
            pool.run(5, (_, _) -> numDone.incrementAndGet());
            assertThat(numDone).hasValue(5);
        }
    }

    @Test
    void run_fromTwoThreads_takesTurns() throws InterruptedException {
        try (ComputePool pool = new ComputePool(2)) {
            AtomicInteger numDone = new AtomicInteger();
            Runnable caller = () -> {
                for (int task = 0; task < 2000; task++) {
                    pool.run(4, (_, _) -> numDone.incrementAndGet());
                }
            };
            Thread other = Thread.ofPlatform().start(caller);
            caller.run();
            other.join();
            assertThat(numDone).hasValue(2 * 2000 * 4);
        }
    }

    @Test
    void run_afterClose_isRefused() {
        ComputePool pool = new ComputePool(2);
        pool.close();
        pool.close();
        assertThatIllegalStateException().isThrownBy(() -> pool.run(1, (_, _) -> {}));
    }

    @Test
    void noThreads_areRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new ComputePool(0))
                .withMessageContaining("numThreads: 0");
    }
}
