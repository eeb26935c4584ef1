package io.github.pastkv.bench.micro;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvPool;
import io.github.pastkv.cache.KvPoolOptions;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.PrefixUse;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import java.util.Random;

/** A pool with an index, of the smallest shape: what is measured over it is bookkeeping, whatever a block's bytes. */
final class FilledPool implements AutoCloseable {
    private static final int VOCAB = 50_000;
    private static final PrefixNamespace NAMESPACE = PrefixNamespace.builder("bench").with("model", "none").build();

    private final KvPool pool =
            new KvPool(KvCacheConfig.of(new KvShape(1, 1, 1), 1), KvPoolOptions.defaults().withPrefixIndex());
    private final Random random = new Random(2);

    KvPool pool() {
        return pool;
    }

    int[] randomIds(int numTokens) {
        return random.ints(numTokens, 0, VOCAB).toArray();
    }

    /** An empty cache of one row. */
    KvCache open() {
        return pool.newCache(pool.config(), NAMESPACE);
    }

    /** Stores a text, of whose keys and values nobody asks. */
    void store(KvCache cache, int[] tokenIds) {
        try (KvStep step = cache.beginStep(AttentionMask.ones(1, tokenIds.length), tokenIds, PrefixUse.REUSE)) {
            step.commit();
        }
    }

    @Override
    public void close() {
        pool.close();
    }
}
