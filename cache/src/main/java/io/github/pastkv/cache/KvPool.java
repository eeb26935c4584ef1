package io.github.pastkv.cache;

/**
 * The memory that any number of caches share: one {@link BlockPool} per layer group and its layout. Caches of one pool
 * can share blocks, so that they can be forked from each other.
 *
 * <p>The limit in bytes holds for all caches of the pool together. Closing ends the opening of caches; caches that are
 * open go on, and the memory goes with the last of them and of their snapshots.
 *
 * <p>Safe for any number of threads; each cache is for one thread at a time.
 */
public final class KvPool implements AutoCloseable {
    private final KvCacheConfig config;
    private final GroupStorage[] groups;
    private final int[] groupOfLayer; // [L]
    private int numUsers = 1;
    private boolean closed;

    /** An empty pool for caches of these layers, types and limits; the batch size is each cache's own. */
    public KvPool(KvCacheConfig config) {
        this.config = config;
        this.groups = GroupStorage.groupsOf(config);
        this.groupOfLayer = new int[config.shape().numLayers()];
        for (int group = 0; group < groups.length; group++) {
            for (int number = 0; number < groups[group].numLayers(); number++) {
                groupOfLayer[groups[group].layer(number)] = group;
            }
        }
    }

    /** The pool of a cache made without one: it lives as long as that cache and its forks, and opens no others. */
    static KvPool ofOneCache(KvCacheConfig config) {
        KvPool pool = new KvPool(config);
        pool.closed = true;
        return pool;
    }

    /** What caches of this pool store, and its limits. */
    public KvCacheConfig config() {
        return config;
    }

    /** An empty cache of {@code batchSize} rows. */
    public KvCache newCache(int batchSize) {
        KvCacheConfig cacheConfig = config.withBatchSize(batchSize);
        join();
        return new KvCache(cacheConfig, this);
    }

    /** Bytes of blocks that caches and snapshots hold. */
    public long heldBytes() {
        long bytes = 0;
        for (GroupStorage group : groups) {
            bytes += group.blocks().numHeld() * group.layout().blockBytes();
        }
        return bytes;
    }

    /** Bytes taken from the system so far. */
    public long poolBytes() {
        long bytes = 0;
        for (GroupStorage group : groups) {
            bytes += group.blocks().poolBytes();
        }
        return bytes;
    }

    /** Checks the bookkeeping of all blocks; an {@link IllegalStateException} names what is wrong. */
    public void checkIntegrity() {
        for (GroupStorage group : groups) {
            group.blocks().checkIntegrity();
        }
    }

    GroupStorage[] groups() {
        return groups;
    }

    int groupOf(int layer) {
        return groupOfLayer[layer];
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

    /** A cache, or the owner, leaves. */
    synchronized void leave() {
        if (--numUsers == 0) {
            for (GroupStorage group : groups) {
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
}
