package io.github.pastkv.testkit.cache;

import io.github.pastkv.cache.FixedKvCache;
import io.github.pastkv.cache.KvCache;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Calls {@code checkIntegrity} on every cache that a test opened, after the test, and closes it:
 *
 * <pre>
 * &#64;RegisterExtension
 * final IntegrityExtension caches = new IntegrityExtension();
 *
 * &#64;Test
 * void test() {
 *     KvCache cache = caches.watch(new KvCache(config));
 * }
 * </pre>
 */
public final class IntegrityExtension implements AfterEachCallback {
    private final List<Watched> watched = new ArrayList<>();

    private record Watched(AutoCloseable cache, Runnable check) {}

    /** Checks and closes {@code cache} after the test. */
    public KvCache watch(KvCache cache) {
        return watch(cache, cache::checkIntegrity);
    }

    /** Checks and closes {@code cache} after the test. */
    public FixedKvCache watch(FixedKvCache cache) {
        return watch(cache, cache::checkIntegrity);
    }

    /** Runs {@code check} on anything else that owns blocks, and closes it, after the test. */
    public <T extends AutoCloseable> T watch(T cache, Runnable check) {
        watched.add(new Watched(cache, check));
        return cache;
    }

    /** Checks all before the first is closed, and once more afterward. */
    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        watched.forEach(each -> each.check.run());
        for (Watched each : watched) {
            each.cache.close();
        }
        watched.forEach(each -> each.check.run());
        watched.clear();
    }
}
