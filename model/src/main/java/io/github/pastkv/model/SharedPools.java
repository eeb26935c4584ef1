package io.github.pastkv.model;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvPool;
import io.github.pastkv.cache.KvPoolOptions;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * The pools that a model's sessions share, one for each way of storing, each with an index of what has been read. They live
 * as long as the model, so that the model's own identity in them is a number drawn when it is loaded. Safe for any number
 * of threads.
 */
final class SharedPools implements AutoCloseable {
    private final Model model;
    private final String modelIdentity = UUID.randomUUID().toString();
    private final Map<KvCacheConfig, KvPool> pools = new HashMap<>();

    SharedPools(Model model) {
        this.model = model;
    }

    /** An empty cache that shares, in the pool of all that store alike. */
    KvCache open(SessionOptions options) {
        KvCacheConfig config = options.cacheConfig(model.config());
        return pool(config).newCache(config, namespace(config, options));
    }

    private synchronized KvPool pool(KvCacheConfig config) {
        return pools.computeIfAbsent(config.withBatchSize(1).withMaxTokens(model.config().longestSeqLen()),
                key -> new KvPool(key,
                        options().withPrefixIndex().withMaxCachedBytes(model.options().maxCachedBytes())));
    }

    /** An empty cache that shares nothing. */
    KvCache openAlone(SessionOptions sessionOptions) {
        KvCacheConfig config = sessionOptions.cacheConfig(model.config());
        try (KvPool pool = new KvPool(config, options())) { // lives as long as its only cache
            return pool.newCache(config.batchSize());
        }
    }

    private KvPoolOptions options() {
        Consumer<String> listener = model.options().leakListener();
        return listener == null ? KvPoolOptions.defaults() : KvPoolOptions.defaults().withLeakListener(listener);
    }

    /** All that changes the bytes of keys and values, and the caller's salt. */
    PrefixNamespace namespace(KvCacheConfig config, SessionOptions options) {
        return PrefixNamespace.builder(model.folder().getFileName() + ", " + config.layers().getFirst().types())
                .with("model", modelIdentity).with("kernels", model.kernels().kernels().name())
                .with("storage", config.layers().toString())
                .with("window", options.window().toString())
                .with("rotary", model.ropeLengths(config.maxTokens()))
                .with("salt", options.prefixReuse().salt()).build();
    }

    @Override
    public synchronized void close() {
        pools.values().forEach(KvPool::close);
    }
}
