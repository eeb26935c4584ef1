package io.github.pastkv.cache;

import io.github.pastkv.cache.block.BlockPool;
import io.github.pastkv.cache.block.LayerGroup;
import io.github.pastkv.cache.block.LayerGroupTables;
import io.github.pastkv.cache.block.OffHeapTable;
import io.github.pastkv.cache.block.PoolBudget;
import io.github.pastkv.cache.prefix.PrefixIndex;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.radix.CachePrefixes;
import io.github.pastkv.cache.radix.RadixPrefixIndex;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The memory shared by any number of caches: one {@link io.github.pastkv.cache.block.BlockPool} per layer group and its
 * layout. Caches of one pool can share blocks, so that they can be forked from each other.
 *
 * <p>The limit in bytes holds for all caches of the pool together. After closing, no cache can be opened; open caches
 * keep working, and the memory is freed with the last of them and of their snapshots.
 *
 * <p>Safe for any number of threads; each cache is for one thread at a time.
 */
public final class KvPool implements AutoCloseable {
    private final KvCacheConfig config;
    private final KvPoolOptions options;
    private final @Nullable RadixPrefixIndex index;
    private final LayerGroup[] groups;
    private final int[] groupOfLayer; // [L]
    private int numUsers = 1;
    private boolean closed;

    /** An empty pool for caches of these layers, types and limits; the batch size is each cache's own. */
    public KvPool(KvCacheConfig config) {
        this(config, KvPoolOptions.defaults());
    }

    /** An empty pool, optionally with a prefix index and debugging aids. */
    public KvPool(KvCacheConfig config, KvPoolOptions options) {
        this.config = Objects.requireNonNull(config, "config: null");
        this.options = Objects.requireNonNull(options, "options: null");
        this.groups = LayerGroup.groupsOf(config.shape(), config.layers(), config.blockSize(),
                new PoolBudget(config.maxPoolBytes(), options.maxCachedBytes()));
        this.groupOfLayer = new int[config.shape().numLayers()];
        for (int group = 0; group < groups.length; group++) {
            for (int number = 0; number < groups[group].numLayers(); number++) {
                groupOfLayer[groups[group].layer(number)] = group;
            }
            groups[group].blocks().setPoisonsFreed(options.poisonsFreed());
        }
        this.index = options.policy() == null
                ? null
                : new RadixPrefixIndex(groups, config.maxRewindTokens(), options.policy(),
                        () -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime()),
                        PoolStorage.binding(config, options, groups));
    }

    /** The pool of a cache made without one: it lives as long as that cache and its forks, and opens no others. */
    static KvPool ofOneCache(KvCacheConfig config) {
        KvPool pool = new KvPool(config);
        pool.closed = true;
        return pool;
    }

    /** Configuration of the caches of this pool, with its limits. */
    public KvCacheConfig config() {
        return config;
    }

    /** An empty cache of {@code batchSize} rows. */
    public KvCache newCache(int batchSize) {
        KvCacheConfig cacheConfig = config.withBatchSize(batchSize);
        join();
        return new KvCache(cacheConfig, this, null);
    }

    /**
     * An empty cache whose steps with known token ids reuse prefixes from this pool's index and publish to it.
     *
     * @param cacheConfig equal to this pool's except for batch size and longest row
     * @param namespace everything that changes the bytes of keys and values; only caches with equal namespaces share
     */
    public KvCache newCache(KvCacheConfig cacheConfig, PrefixNamespace namespace) {
        Objects.requireNonNull(cacheConfig, "cacheConfig: null");
        Objects.requireNonNull(namespace, "namespace: null");
        if (!cacheConfig.layers().equals(config.layers()) || !cacheConfig.shape().equals(config.shape())
                || cacheConfig.blockSize() != config.blockSize()) {
            throw new IllegalArgumentException("cacheConfig: " + cacheConfig + ", the pool stores " + config);
        }
        join();
        return new KvCache(cacheConfig, this, namespace);
    }

    /** The prefix index, if the pool has one. */
    public Optional<PrefixIndex> prefixIndex() {
        return Optional.ofNullable(index);
    }

    /** Empty rows of a new cache; without a namespace they do not use the index. */
    CacheRows newRows(int batchSize, @Nullable PrefixNamespace namespace) {
        return CacheRows.empty(LayerGroupTables.emptyOf(groups, config.maxRewindTokens(), batchSize), groupOfLayer,
                CachePrefixes.empty(index, namespace, batchSize));
    }

    KvPoolOptions options() {
        return options;
    }

    /** Bytes of blocks that caches and snapshots hold. */
    public long heldBytes() {
        return Arrays.stream(groups).mapToLong(LayerGroup::heldBytes).sum();
    }

    /** Bytes of held blocks that have several holders, such as two requests with the same prefix; counted once. */
    public long sharedBytes() {
        return Arrays.stream(groups).mapToLong(LayerGroup::sharedBytes).sum();
    }

    /** The use of each block that has memory, in the order of their numbers, one layer group after the other. */
    public List<BlockUse> blockUses() {
        synchronized (groups[0].blocks().budget()) { // all at one moment
            IntFunction<String> tenants = index == null ? _ -> "" : index.tenants();
            return Arrays.stream(groups).map(LayerGroup::blocks)
                    .flatMap(blocks -> IntStream.range(0, blocks.numBlocks())
                            .mapToObj(blockId -> useOf(blocks, blockId, tenants)))
                    .toList();
        }
    }

    private static BlockUse useOf(BlockPool blocks, int blockId, IntFunction<String> tenants) {
        int refCount = blocks.refCount(blockId);
        boolean isIndexed = blocks.node(blockId) != OffHeapTable.NONE;
        BlockUse.State state = refCount > 1
                ? BlockUse.State.SHARED
                : refCount == 1 ? BlockUse.State.HELD : isIndexed ? BlockUse.State.CACHED : BlockUse.State.FREE;
        return new BlockUse(state, blocks.blockBytes(), isIndexed ? tenants.apply(blocks.node(blockId)) : "");
    }

    /** Bytes taken from the system so far. */
    public long poolBytes() {
        return Arrays.stream(groups).mapToLong(group -> group.blocks().poolBytes()).sum();
    }

    /** Checks the bookkeeping of all blocks; an {@link IllegalStateException} names what is wrong. */
    public void checkIntegrity() {
        for (LayerGroup group : groups) {
            group.blocks().checkIntegrity();
        }
        if (index != null) {
            index.checkIntegrity();
        }
    }

    /** Bytes of cached blocks: held by no row, found by the index. */
    public long cachedBytes() {
        PoolBudget budget = groups[0].blocks().budget();
        synchronized (budget) {
            return budget.cachedBytes();
        }
    }

    LayerGroup[] groups() {
        return groups;
    }

    /** One more cache uses the pool. */
    synchronized void join() {
        if (closed) {
            throw new IllegalStateException("the pool is closed");
        }
        numUsers++;
    }

    /** One more cache, made from an open one. */
    synchronized void joinBeside() {
        numUsers++;
    }

    /** Releases the use of one cache, or of the owner. */
    synchronized void leave() {
        if (--numUsers == 0) {
            if (index != null) {
                index.close();
            }
            for (LayerGroup group : groups) {
                group.blocks().close();
            }
        }
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            leave();
        }
    }

    @Override
    public String toString() {
        return "KvPool[" + heldBytes() + " of at most " + config.maxPoolBytes() + " bytes held]";
    }
}
