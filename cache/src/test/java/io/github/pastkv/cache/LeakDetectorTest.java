package io.github.pastkv.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.pastkv.cache.block.BlockPool;
import io.github.pastkv.cache.layout.KvShape;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * A cache that is forgotten open is reported with the place where it was opened; one that is used after its end, too.
 */
class LeakDetectorTest {
    private static final KvCacheConfig CONFIG = KvCacheConfig.of(new KvShape(1, 1, 1), 1);
    private static final int MOST_COLLECTIONS = 1000;

    private final BlockingQueue<String> reports = new LinkedBlockingQueue<>();

    @SuppressWarnings("MustBeClosedChecker")
    private static void openAndForget(KvPool pool) {
        pool.newCache(1);
    }

    private static void closeHere(KvCache cache) {
        cache.close();
    }

    private static void forkAndForget(KvCache cache) {
        cache.fork();
    }

    private KvPool watchedPool() {
        return new KvPool(CONFIG, KvPoolOptions.defaults().withLeakListener(reports::add));
    }

    /** A report, after as many collections of garbage as that takes. */
    private String awaitReport() throws InterruptedException {
        String report = null;
        for (int i = 0; report == null && i < MOST_COLLECTIONS; i++) {
            System.gc();
            report = reports.poll(50, TimeUnit.MILLISECONDS);
        }
        assertThat(report).as("a report").isNotNull();
        return report;
    }

    @Test
    void cacheForgottenOpen_isReportedWithWhereItWasOpened() throws InterruptedException {
        try (KvPool pool = watchedPool()) {
            openAndForget(pool);
            assertThat(awaitReport()).startsWith("a cache was never closed").contains(
                    "LeakDetectorTest.openAndForget");
        }
    }

    @Test
    void forkForgottenOpen_isReportedWithWhereItWasForked_butNotWhatWasClosed() throws InterruptedException {
        try (KvPool pool = watchedPool()) {
            try (KvCache cache = pool.newCache(1)) {
                forkAndForget(cache);
            }
            assertThat(awaitReport()).contains("LeakDetectorTest.forkAndForget");
            System.gc();
            assertThat(reports.poll(100, TimeUnit.MILLISECONDS)).isNull();
        }
    }

    @Test
    void useAfterClose_namesWhereItWasClosed_andClosingAgainDoesNothing() {
        try (KvPool pool = watchedPool()) {
            KvCache cache = pool.newCache(1);
            closeHere(cache);
            cache.close();
            assertThatIllegalStateException().isThrownBy(cache::fork).withMessage("the cache is closed").havingCause()
                    .withMessage("the cache was closed here").satisfies(cause -> assertThat(cause.getStackTrace())
                            .anyMatch(frame -> frame.getMethodName().equals("closeHere")));
            pool.checkIntegrity();
        }
    }

    @Test
    void withoutAListener_useAfterCloseIsStillRefused() {
        KvCache cache = new KvCache(CONFIG);
        cache.close();
        cache.close();
        assertThatIllegalStateException().isThrownBy(cache::fork).withMessage("the cache is closed").withNoCause();
    }

    /** The message of a fault in counting is another one than that of a use after the end. */
    @Test
    void blockReleasedTwice_isToldApart() {
        try (BlockPool pool = new BlockPool(8, 8)) {
            pool.tryAllocate(1, new int[1], 0);
            pool.release(0);
            assertThatIllegalStateException().isThrownBy(() -> pool.release(0)).withMessage("block 0 is not held");
        }
    }
}
