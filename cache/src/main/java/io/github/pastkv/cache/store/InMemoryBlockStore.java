package io.github.pastkv.cache.store;

import java.lang.foreign.SegmentAllocator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A store on the heap with a limit in bytes: the least recently used chunks are removed first. Several pools may share
 * one.
 */
public final class InMemoryBlockStore implements BlockStore {
    private final long maxBytes;
    private final Map<ChunkKey, StoredChunk> chunks = new LinkedHashMap<>(16, 0.75f, true); // by last use
    private final ChunkNames names = new ChunkNames();
    private long bytes;
    private long numGets;
    private long numFound;
    private long numPuts;
    private long numEvicted;
    private boolean closed;

    /** An empty store for at most {@code maxBytes} bytes of keys and values. */
    public InMemoryBlockStore(long maxBytes) {
        if (maxBytes < 0) {
            throw new IllegalArgumentException("maxBytes: " + maxBytes + ", must not be negative");
        }
        this.maxBytes = maxBytes;
    }

    @Override
    public synchronized StoreRun find(List<ChunkKey> keys) {
        if (closed) {
            return new StoreRun(0, StoreRun.Next.RETRY);
        }
        int numChunks = 0;
        while (numChunks < keys.size() && chunks.containsKey(keys.get(numChunks))) {
            numChunks++;
        }
        return new StoreRun(numChunks, numChunks == keys.size() ? StoreRun.Next.NONE_ASKED : StoreRun.Next.MISSING);
    }

    @Override
    public synchronized StoreResult<ChunkKey> findSharing(ChunkKey key) {
        if (closed) {
            return new StoreResult.Retry<>("the store is closed");
        }
        return names.sharing(key).<StoreResult<ChunkKey>> map(StoreResult.Found::new)
                .orElseGet(StoreResult.Missing::new);
    }

    @Override
    public synchronized StoreResult<StoredChunk> get(ChunkKey key, String tenant, SegmentAllocator memory) {
        if (closed) {
            return new StoreResult.Retry<>("the store is closed");
        }
        numGets++;
        StoredChunk chunk = chunks.get(key);
        if (chunk == null) {
            return new StoreResult.Missing<>();
        }
        numFound++;
        return new StoreResult.Found<>(chunk);
    }

    @Override
    public PutResult put(StoredChunk chunk) {
        synchronized (this) {
            StoredChunk present = chunks.get(chunk.key());
            if (closed || chunk.bytes() > maxBytes) {
                return closed ? PutResult.RETRY : PutResult.REFUSED;
            }
            if (present != null && present.numParts() >= chunk.numParts()) {
                return PutResult.STORED;
            }
        }
        return keep(chunk.copy());
    }

    private synchronized PutResult keep(StoredChunk copy) {
        if (closed) {
            return PutResult.RETRY;
        }
        numPuts++;
        StoredChunk before = chunks.put(copy.key(), copy);
        names.add(copy.key());
        bytes += copy.bytes() - (before == null ? 0 : before.bytes());
        Iterator<StoredChunk> oldest = chunks.values().iterator();
        while (bytes > maxBytes) {
            StoredChunk victim = oldest.next();
            bytes -= victim.bytes();
            names.remove(victim.key());
            oldest.remove();
            numEvicted++;
        }
        return PutResult.STORED;
    }

    @Override
    public synchronized void forget(ChunkKey key) {
        StoredChunk removed = chunks.remove(key);
        names.remove(key);
        bytes -= removed == null ? 0 : removed.bytes();
    }

    @Override
    public synchronized StoreStats stats() {
        return new StoreStats(chunks.size(), bytes, maxBytes, numGets, numFound, numPuts, numEvicted);
    }

    @Override
    public synchronized void close() {
        closed = true;
        chunks.clear();
        names.clear();
        bytes = 0;
    }
}
