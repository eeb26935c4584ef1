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
import io.github.pastkv.tensor.Tensor;
import java.util.Random;

/**
 * A pool with a prefix index, of the smallest shape: benchmarks over it measure bookkeeping, whatever the size of a
 * block.
 */
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

    /** Stores a text; its keys and values are zeros. */
    void store(KvCache cache, int[] tokenIds) {
        try (KvStep step = cache.beginStep(AttentionMask.ones(1, tokenIds.length), tokenIds, PrefixUse.REUSE)) {
            KvShape shape = pool.config().shape();
            int width = shape.numKvHeads() * shape.headDim();
            Tensor zeros = Tensor.of(new float[step.numTokens() * width], step.numTokens(), width);
            for (int layer = 0; layer < shape.numLayers(); layer++) {
                step.write(layer, zeros, zeros, 0, 0, step.numTokens());
            }
            step.commit();
        }
    }

    @Override
    public void close() {
        pool.close();
    }
}
