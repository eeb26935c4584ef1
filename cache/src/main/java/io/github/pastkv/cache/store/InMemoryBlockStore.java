package io.github.pastkv.cache.store;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A store on the heap with a limit in bytes: the least recently used blocks are removed first. Several pools may share
 * one.
 */
public final class InMemoryBlockStore implements BlockStore {
    private final long maxBytes;
    private final Map<BlockKey, StoredBlock> blocks = new LinkedHashMap<>(16, 0.75f, true); // by last use
    private long bytes;
    private long numGets;
    private long numFound;
    private long numPuts;
    private long numEvicted;
    private boolean closed;

    /** An empty store of at most {@code maxBytes} bytes of keys and values. */
    public InMemoryBlockStore(long maxBytes) {
        if (maxBytes < 0) {
            throw new IllegalArgumentException("maxBytes: " + maxBytes + ", must not be negative");
        }
        this.maxBytes = maxBytes;
    }

    @Override
    public synchronized StoreRun find(List<BlockKey> keys) {
        if (closed) {
            return new StoreRun(0, StoreRun.Next.RETRY);
        }
        int numBlocks = 0;
        while (numBlocks < keys.size() && blocks.containsKey(keys.get(numBlocks))) {
            numBlocks++;
        }
        return new StoreRun(numBlocks, numBlocks == keys.size() ? StoreRun.Next.NONE_ASKED : StoreRun.Next.MISSING);
    }

    @Override
    public synchronized StoreResult get(BlockKey key) {
        if (closed) {
            return new StoreResult.Retry("the store is closed");
        }
        numGets++;
        StoredBlock block = blocks.get(key);
        if (block == null) {
            return new StoreResult.Missing();
        }
        numFound++;
        return new StoreResult.Found(block);
    }

    @Override
    public PutResult put(StoredBlock block) {
        synchronized (this) {
            StoredBlock present = blocks.get(block.key());
            if (closed || block.bytes() > maxBytes) {
                return closed ? PutResult.RETRY : PutResult.REFUSED;
            }
            if (present != null && present.numGroups() >= block.numGroups()) {
                return PutResult.STORED;
            }
        }
        return keep(block.copy());
    }

    private synchronized PutResult keep(StoredBlock copy) {
        if (closed) {
            return PutResult.RETRY;
        }
        numPuts++;
        StoredBlock before = blocks.put(copy.key(), copy);
        bytes += copy.bytes() - (before == null ? 0 : before.bytes());
        Iterator<StoredBlock> oldest = blocks.values().iterator();
        while (bytes > maxBytes) {
            bytes -= oldest.next().bytes();
            oldest.remove();
            numEvicted++;
        }
        return PutResult.STORED;
    }

    @Override
    public synchronized void forget(BlockKey key) {
        StoredBlock removed = blocks.remove(key);
        bytes -= removed == null ? 0 : removed.bytes();
    }

    @Override
    public synchronized StoreStats stats() {
        return new StoreStats(blocks.size(), bytes, maxBytes, numGets, numFound, numPuts, numEvicted);
    }

    @Override
    public synchronized void close() {
        closed = true;
        blocks.clear();
        bytes = 0;
    }
}
