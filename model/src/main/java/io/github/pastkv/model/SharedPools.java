package io.github.pastkv.model;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvPool;
import io.github.pastkv.cache.KvPoolOptions;
import io.github.pastkv.cache.prefix.PrefixIndex;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.model.forward.RopeTables;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The pools shared by the sessions of a model, one for each combination of storage options, each with a prefix index.
 * They live as long as the model. Without a store the model's identity in the index is a random number; with a store it
 * is the digest of its files, which is the same in every process. Safe for any number of threads.
 */
final class SharedPools implements AutoCloseable {
    private final ModelFolder folder;
    private final ModelOptions options;
    private final KernelsChoice kernels;
    private final LinearPrecision precision;
    private final RopeTables ropeTables;
    private final @Nullable BlockStore store;
    private final String modelIdentity;
    private final Object digestLock = new Object(); // of its own: files are read under it
    private @Nullable String digest; // of the model's files, once it was needed
    private final Map<KvCacheConfig, KvPool> pools = new HashMap<>();

    SharedPools(ModelFolder folder, ModelOptions options, KernelsChoice kernels, LinearPrecision precision,
            RopeTables ropeTables, @Nullable BlockStore store) {
        this.folder = folder;
        this.options = options;
        this.kernels = kernels;
        this.precision = precision;
        this.ropeTables = ropeTables;
        this.store = store;
        this.modelIdentity = store == null ? UUID.randomUUID().toString() : digest();
    }

    /** Digest of the model's files, which are read at the first call. */
    String digest() {
        synchronized (digestLock) {
            try {
                digest = digest == null ? folder.source().digest() : digest;
                return digest;
            } catch (IOException e) {
                throw new UncheckedIOException("digest of the model's files", e);
            }
        }
    }

    /** An empty cache in the shared pool of these storage options. */
    private KvCache open(SessionOptions sessionOptions) {
        KvCacheConfig config = sessionOptions.cacheConfig(folder.config());
        return pool(config).newCache(config, namespace(config, sessionOptions));
    }

    private synchronized KvPool pool(KvCacheConfig config) {
        return pools.computeIfAbsent(config.withBatchSize(1).withMaxTokens(folder.config().longestSeqLen()),
                key -> new KvPool(key, sharing()));
    }

    private KvPoolOptions sharing() {
        KvPoolOptions sharing = poolOptions().withPrefixIndex().withMaxCachedBytes(options.maxCachedBytes());
        return store == null ? sharing : sharing.withBlockStore(store);
    }

    /** Empty caches that do not share. */
    private List<KvCache> openAlone(SessionOptions sessionOptions, List<Integer> batchSizes) {
        try (KvPool pool = new KvPool(sessionOptions.cacheConfig(folder.config()), poolOptions())) { // lives as they do
            return openEach(batchSizes, pool::newCache);
        }
    }

    /** An empty cache, in the shared pool if the options say so. */
    KvCache openOne(SessionOptions sessionOptions) {
        return openAll(sessionOptions, List.of(sessionOptions.batchSize())).getFirst();
    }

    /** Empty caches of one pool, which is the shared one if the options say so. */
    List<KvCache> openAll(SessionOptions sessionOptions, List<Integer> batchSizes) {
        return sessionOptions.prefixReuse().isOn()
                ? openEach(batchSizes, rows -> open(sessionOptions.withBatchSize(rows)))
                : openAlone(sessionOptions, batchSizes);
    }

    /** All or none. */
    private static List<KvCache> openEach(List<Integer> batchSizes, IntFunction<KvCache> open) {
        List<KvCache> caches = new ArrayList<>();
        try {
            for (int rows : batchSizes) {
                caches.add(open.apply(rows));
            }
            return caches;
        } catch (RuntimeException | Error e) {
            caches.forEach(KvCache::close);
            throw e;
        }
    }

    private KvPoolOptions poolOptions() {
        Consumer<String> listener = options.leakListener();
        return listener == null ? KvPoolOptions.defaults() : KvPoolOptions.defaults().withLeakListener(listener);
    }

    /** {@link #namespace} with the digest of the model's files, so that it is the same in every process. */
    PrefixNamespace stableNamespace(SessionOptions sessionOptions) {
        return namespace(sessionOptions.cacheConfig(folder.config()), sessionOptions, digest());
    }

    /** Everything that changes the bytes of keys and values, and the caller's salt. */
    PrefixNamespace namespace(KvCacheConfig config, SessionOptions sessionOptions) {
        return namespace(config, sessionOptions, modelIdentity);
    }

    private PrefixNamespace namespace(KvCacheConfig config, SessionOptions sessionOptions, String identity) {
        return PrefixNamespace.builder(folder.folder().getFileName() + ", " + config.layers().getFirst().types())
                .with("model", identity).with("kernels", kernels.kernels().numericIdentity())
                .with("linear_precision", precision.toString())
                .with("storage", config.layers().toString())
                .with("window", sessionOptions.window().toString())
                .with("rotary", ropeTables.lengthsThatMatter(config.maxTokens()))
                .withSecret("salt", sessionOptions.prefixReuse().salt())
                .ofTenant(sessionOptions.prefixReuse().salt().lines().findFirst().orElse("")).build();
    }

    @Override
    public synchronized void close() {
        if (store != null) { // so that other processes find the blocks
            pools.values().forEach(pool -> pool.prefixIndex().ifPresent(PrefixIndex::writeToStore));
        }
        pools.values().forEach(KvPool::close);
    }
}
