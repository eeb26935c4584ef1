package io.github.pastkv.model;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvPool;
import io.github.pastkv.cache.KvPoolOptions;
import io.github.pastkv.cache.prefix.PrefixIndex;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The pools shared by the sessions of a model, one for each combination of storage options, each with a prefix index.
 * They live as long as the model. Without a store the model's identity in the index is a random number; with a store it
 * is the digest of its files, which is the same in every process. Safe for any number of threads.
 */
final class SharedPools implements AutoCloseable {
    private final Model model;
    private final String modelIdentity;
    private @Nullable String digest; // of the model's files, once it was needed
    private final Map<KvCacheConfig, KvPool> pools = new HashMap<>();

    SharedPools(Model model) {
        this.model = model;
        this.modelIdentity = model.blockStore() == null ? UUID.randomUUID().toString() : digest();
    }

    private synchronized String digest() {
        try {
            digest = digest == null ? model.source().digest() : digest;
            return digest;
        } catch (IOException e) {
            throw new UncheckedIOException("digest of the model's files", e);
        }
    }

    /** An empty cache in the shared pool of these storage options. */
    KvCache open(SessionOptions options) {
        KvCacheConfig config = options.cacheConfig(model.config());
        return pool(config).newCache(config, namespace(config, options));
    }

    private synchronized KvPool pool(KvCacheConfig config) {
        return pools.computeIfAbsent(config.withBatchSize(1).withMaxTokens(model.config().longestSeqLen()),
                key -> new KvPool(key, sharing()));
    }

    private KvPoolOptions sharing() {
        KvPoolOptions sharing = options().withPrefixIndex().withMaxCachedBytes(model.options().maxCachedBytes());
        BlockStore store = model.blockStore();
        return store == null ? sharing : sharing.withBlockStore(store);
    }

    /** An empty cache that does not share. */
    KvCache openAlone(SessionOptions sessionOptions) {
        return openAlone(sessionOptions, List.of(sessionOptions.batchSize())).getFirst();
    }

    private List<KvCache> openAlone(SessionOptions sessionOptions, List<Integer> batchSizes) {
        try (KvPool pool = new KvPool(sessionOptions.cacheConfig(model.config()), options())) { // lives as they do
            return batchSizes.stream().map(pool::newCache).toList();
        }
    }

    /** Empty caches of one pool, which is the shared one if the options say so. */
    List<KvCache> openAll(SessionOptions sessionOptions, List<Integer> batchSizes) {
        return sessionOptions.prefixReuse().isOn()
                ? batchSizes.stream().map(rows -> open(sessionOptions.withBatchSize(rows))).toList()
                : openAlone(sessionOptions, batchSizes);
    }

    private KvPoolOptions options() {
        Consumer<String> listener = model.options().leakListener();
        return listener == null ? KvPoolOptions.defaults() : KvPoolOptions.defaults().withLeakListener(listener);
    }

    /** {@link #namespace} with the digest of the model's files, so that it is the same in every process. */
    PrefixNamespace stableNamespace(KvCacheConfig config, SessionOptions options) {
        return namespace(config, options, digest());
    }

    /** Everything that changes the bytes of keys and values, and the caller's salt. */
    PrefixNamespace namespace(KvCacheConfig config, SessionOptions options) {
        return namespace(config, options, modelIdentity);
    }

    private PrefixNamespace namespace(KvCacheConfig config, SessionOptions options, String identity) {
        return PrefixNamespace.builder(model.folder().getFileName() + ", " + config.layers().getFirst().types())
                .with("model", identity).with("kernels", model.kernels().kernels().numericIdentity())
                .with("linear_precision", model.linearPrecision().toString())
                .with("storage", config.layers().toString())
                .with("window", options.window().toString())
                .with("rotary", model.ropeLengths(config.maxTokens()))
                .withSecret("salt", options.prefixReuse().salt()).build();
    }

    @Override
    public synchronized void close() {
        if (model.blockStore() != null) { // so that other processes find the blocks
            pools.values().forEach(pool -> pool.prefixIndex().ifPresent(PrefixIndex::writeToStore));
        }
        pools.values().forEach(KvPool::close);
    }
}
