package io.github.pastkv.store;

import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.ChunkNames;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import io.github.pastkv.cache.store.StoreStats;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A tier on the heap: the reference implementation, for tests and for what outlives a model but not its process. The
 * least recently used chunks are removed at its limit.
 */
public final class InMemoryTier implements CacheTier {
    private record Kept(MemorySegment content, Instant lastUsed) {}

    private final long maxBytes;
    private final Map<ChunkKey, Kept> chunks = new LinkedHashMap<>(16, 0.75f, true); // by last use
    private final ChunkNames names = new ChunkNames();
    private long bytes;
    private long numGets;
    private long numFound;
    private long numPuts;
    private long numEvicted;
    private boolean closed;

    /** An empty tier of at most {@code maxBytes} bytes. */
    public InMemoryTier(long maxBytes) {
        if (maxBytes < 0) {
            throw new IllegalArgumentException("maxBytes: " + maxBytes + ", must not be negative");
        }
        this.maxBytes = maxBytes;
    }

    @Override
    public String name() {
        return "memory";
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
            return new StoreResult.Retry<>("the tier is closed");
        }
        return names.sharing(key).<StoreResult<ChunkKey>> map(StoreResult.Found::new)
                .orElseGet(StoreResult.Missing::new);
    }

    @Override
    public synchronized StoreResult<MemorySegment> get(ChunkKey key, SegmentAllocator memory) {
        if (closed) {
            return new StoreResult.Retry<>("the tier is closed");
        }
        numGets++;
        Kept kept = chunks.get(key);
        if (kept == null) {
            return new StoreResult.Missing<>();
        }
        numFound++;
        MemorySegment content = memory.allocate(kept.content().byteSize());
        return new StoreResult.Found<>(content.copyFrom(kept.content()));
    }

    @Override
    public PutResult put(ChunkKey key, List<MemorySegment> content) {
        long length = content.stream().mapToLong(MemorySegment::byteSize).sum();
        if (length > Math.min(maxBytes, Integer.MAX_VALUE - 8)) {
            return PutResult.REFUSED;
        }
        return keep(key, MemorySegment.ofArray(ChunkFormat.joined(content)));
    }

    private synchronized PutResult keep(ChunkKey key, MemorySegment content) {
        if (closed) {
            return PutResult.RETRY;
        }
        Kept before = chunks.get(key);
        if (before != null && before.content().byteSize() >= content.byteSize()) {
            return PutResult.STORED;
        }
        numPuts++;
        forget(key);
        Iterator<Map.Entry<ChunkKey, Kept>> oldest = chunks.entrySet().iterator();
        while (bytes + content.byteSize() > maxBytes) {
            Map.Entry<ChunkKey, Kept> victim = oldest.next();
            bytes -= victim.getValue().content().byteSize();
            names.remove(victim.getKey());
            oldest.remove();
            numEvicted++;
            TierEvents.evict(name(), victim.getKey().name(), victim.getValue().content().byteSize());
        }
        chunks.put(key, new Kept(content, Instant.now()));
        names.add(key);
        bytes += content.byteSize();
        return PutResult.STORED;
    }

    @Override
    public synchronized void forget(ChunkKey key) {
        Kept removed = chunks.remove(key);
        names.remove(key);
        bytes -= removed == null ? 0 : removed.content().byteSize();
    }

    @Override
    public synchronized void list(Consumer<TierEntry> each) {
        chunks.forEach((key, kept) -> each.accept(new TierEntry(key, kept.content().byteSize(), kept.lastUsed())));
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
