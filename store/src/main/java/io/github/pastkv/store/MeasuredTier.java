package io.github.pastkv.store;

import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * A tier of a {@link TierStore} with what it did and how fast, its queue of writes and what was refused of it. A tier
 * that throws, which its contract forbids, is one that cannot answer. Safe for any number of threads.
 */
final class MeasuredTier {
    private static final int MAX_UNOPENED = 1024;
    private static final int MAX_REFUSALS = 64;
    private static final long MAX_QUEUE_BYTES = 64L << 20;

    private final CacheTier tier;
    private final LoadRates rates;
    private final TierWrites writes;
    private final AtomicLong numTokensLoaded = new AtomicLong();
    private final AtomicLong numBytesLoaded = new AtomicLong();
    private final AtomicLong loadNanos = new AtomicLong();
    private final AtomicLong numRefused = new AtomicLong();
    private final AtomicLong numTaken = new AtomicLong();
    private final AtomicLong numDropped = new AtomicLong();
    private final AtomicLong numRetries = new AtomicLong();
    private final SequencedSet<ChunkKey> unopened = new LinkedHashSet<>(); // under itself, the last ones
    private final Deque<Refusal> refusals = new ArrayDeque<>(); // under itself, the last ones

    private record Refusal(ChunkKey key, String reason) {}

    MeasuredTier(CacheTier tier, LoadRates rates) {
        this.tier = tier;
        this.rates = rates;
        this.writes = new TierWrites(tier.name(), MAX_QUEUE_BYTES);
    }

    String name() {
        return tier.name();
    }

    CacheTier tier() {
        return tier;
    }

    LoadRates rates() {
        return rates;
    }

    /** How many of these chunks it has; 0 where it is not worth asking. */
    StoreRun find(List<ChunkKey> keys, int chunkTokens) {
        if (keys.isEmpty()) {
            return new StoreRun(0, StoreRun.Next.NONE_ASKED);
        }
        int numAsked = rates.numWorthAsking(keys.size(), chunkTokens);
        if (numAsked == 0) {
            return new StoreRun(0, StoreRun.Next.MISSING);
        }
        StoreRun run = ask(keys.subList(0, numAsked));
        return run.numChunks() < keys.size() && run.next() == StoreRun.Next.NONE_ASKED
                ? new StoreRun(run.numChunks(), StoreRun.Next.MISSING)
                : run;
    }

    /** How many of these chunks it has, whatever the rates. */
    StoreRun ask(List<ChunkKey> keys) {
        long start = System.nanoTime();
        StoreRun run;
        try {
            run = tier.find(keys);
        } catch (RuntimeException e) { // it must not break the other tiers
            run = new StoreRun(0, StoreRun.Next.RETRY);
        }
        answered(start, run.next() == StoreRun.Next.RETRY);
        return run;
    }

    StoreResult<ChunkKey> findSharing(ChunkKey key, int maxTokens) {
        return rates.numWorthAsking(1, maxTokens) == 0 ? new StoreResult.Missing<>()
                : orRetry(() -> tier.findSharing(key));
    }

    StoreResult<MemorySegment> get(ChunkKey key, SegmentAllocator memory) {
        return orRetry(() -> tier.get(key, memory));
    }

    private <T> StoreResult<T> orRetry(Supplier<StoreResult<T>> call) {
        long start = System.nanoTime();
        StoreResult<T> result;
        try {
            result = call.get();
        } catch (RuntimeException e) {
            result = new StoreResult.Retry<>(tier.name() + " failed: " + e);
        }
        if (!(result instanceof StoreResult.Found<T>(T found) && found instanceof MemorySegment)) {
            answered(start, result instanceof StoreResult.Retry); // else its time is that of loading
        }
        return result;
    }

    private void answered(long start, boolean isRetry) {
        numRetries.addAndGet(isRetry ? 1 : 0);
        rates.found(System.nanoTime() - start);
    }

    /** A chunk of this tier passed verification. */
    void loaded(ChunkKey key, int numTokens, long bytes, long nanos) {
        loadNanos.addAndGet(nanos);
        numBytesLoaded.addAndGet(bytes);
        rates.loaded(numTokens, nanos);
        TierEvents.load(name(), key.name(), numTokens, bytes, nanos);
    }

    /** Tokens of a chunk of this tier are in use. */
    void used(int numTokens) {
        numTokensLoaded.addAndGet(numTokens);
    }

    /** A chunk of this tier did not pass verification. */
    void refused(ChunkKey key, String reason) {
        numRefused.incrementAndGet();
        synchronized (refusals) {
            refusals.add(new Refusal(key, reason));
            if (refusals.size() > MAX_REFUSALS) {
                refusals.removeFirst();
            }
        }
        TierEvents.refuse(name(), key.name(), reason);
        forget(key);
    }

    /** Why a chunk was refused last that shares leading blocks with one of these. */
    Optional<String> refusalOf(List<ChunkKey> keys) {
        synchronized (refusals) {
            return refusals.reversed().stream().filter(
                    refusal -> keys.stream().anyMatch(key -> key.numSharedBlocks(refusal.key()) > 0))
                    .map(Refusal::reason).findFirst();
        }
    }

    /** Remembers a chunk whose key is not known: it stays until there is one to put in its place. */
    void noteUnopened(ChunkKey key) {
        synchronized (unopened) {
            unopened.add(key);
            if (unopened.size() > MAX_UNOPENED) {
                unopened.removeFirst();
            }
        }
    }

    private boolean isUnopened(ChunkKey key) {
        synchronized (unopened) {
            return unopened.remove(key);
        }
    }

    PutResult put(ChunkKey key, List<MemorySegment> content) {
        if (isUnopened(key)) { // a tier would keep it, being as long
            forget(key);
        }
        PutResult result;
        try {
            result = tier.put(key, content);
        } catch (RuntimeException e) {
            result = PutResult.RETRY;
        }
        (result == PutResult.STORED ? numTaken : numDropped).incrementAndGet();
        TierEvents.write(name(), key.name(), content.stream().mapToLong(MemorySegment::byteSize).sum(),
                result.name());
        return result;
    }

    /** Puts a copy of a chunk later, on this tier's own thread; without room for it, it is dropped and counted. */
    PutResult putLater(ChunkKey key, List<MemorySegment> content) {
        long bytes = content.stream().mapToLong(MemorySegment::byteSize).sum();
        if (bytes > Integer.MAX_VALUE - 8 || !writes.hasRoom(bytes)) {
            return dropped(key, bytes);
        }
        MemorySegment copy = MemorySegment.ofArray(ChunkFormat.joined(content));
        return writes.offer(bytes, () -> put(key, List.of(copy))) ? PutResult.STORED : dropped(key, bytes);
    }

    private PutResult dropped(ChunkKey key, long bytes) {
        numDropped.incrementAndGet();
        TierEvents.write(name(), key.name(), bytes, "DROPPED");
        return PutResult.RETRY;
    }

    void forget(ChunkKey key) {
        try {
            tier.forget(key);
        } catch (RuntimeException e) {
            return; // it is refused again whenever it is read
        }
    }

    /** Forgets a chunk after what waits to be written, so that it is not missed meanwhile. */
    void forgetLater(ChunkKey key) {
        if (!writes.offer(0, () -> forget(key))) {
            forget(key);
        }
    }

    TierUse use() {
        return new TierUse(tier.name(), numTokensLoaded.get(), numBytesLoaded.get(), loadNanos.get(),
                numRefused.get(), numTaken.get(), numDropped.get(), numRetries.get(), rates.numLookupsSkipped(),
                tier.stats());
    }

    TierWrites writes() {
        return writes;
    }

    /** Closes the tier; what was not written by then is counted. */
    void close(int numWritesDropped) {
        numDropped.addAndGet(numWritesDropped);
        tier.close();
    }
}
