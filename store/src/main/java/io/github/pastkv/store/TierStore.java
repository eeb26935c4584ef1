package io.github.pastkv.store;

import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import io.github.pastkv.cache.store.StoreStats;
import io.github.pastkv.cache.store.StoreWrites;
import io.github.pastkv.cache.store.StoredChunk;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.WeakHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A store over one or more tiers, nearest first: writes chunks to all of them in the format of {@link ChunkFormat}, and
 * reads each from the first that has it whole and sound. What a tier returns is verified here, so that the next one is
 * asked where it is damaged; a damaged chunk is removed. What came from a farther tier is written to the nearer ones,
 * behind a small queue.
 *
 * <p>Owns its tiers until {@link #close}. Safe for any number of threads.
 */
public final class TierStore implements BlockStore {
    private static final int MAX_PROMOTIONS = 16;
    private static final int MAX_UNOPENED = 1024;

    private final List<Tier> tiers;
    private final int chunkTokens;
    private final StoreWrites writes;
    private final boolean verifiesData;
    private final @Nullable KeyProvider keys;
    private final ThreadPoolExecutor promotions;
    private final Map<StoredChunk, Tier> sources = Collections.synchronizedMap(new WeakHashMap<>()); // of unused ones

    /** A tier and what it did. */
    private static final class Tier {
        private final CacheTier tier;
        private final AtomicLong numTokensLoaded = new AtomicLong();
        private final AtomicLong numBytesLoaded = new AtomicLong();
        private final AtomicLong loadNanos = new AtomicLong();
        private final AtomicLong numRefused = new AtomicLong();
        private final AtomicLong numTaken = new AtomicLong();
        private final AtomicLong numDropped = new AtomicLong();
        private final AtomicLong numRetries = new AtomicLong();
        private final SequencedSet<ChunkKey> unopened = new LinkedHashSet<>(); // under itself, the last ones

        Tier(CacheTier tier) {
            this.tier = tier;
        }

        StoreRun find(List<ChunkKey> keys) {
            StoreRun run;
            try {
                run = tier.find(keys);
            } catch (RuntimeException e) { // a tier that breaks its contract must not break the others
                run = new StoreRun(0, StoreRun.Next.RETRY);
            }
            numRetries.addAndGet(run.next() == StoreRun.Next.RETRY ? 1 : 0);
            return run;
        }

        StoreResult<ChunkKey> findSharing(ChunkKey key) {
            StoreResult<ChunkKey> result;
            try {
                result = tier.findSharing(key);
            } catch (RuntimeException e) {
                result = new StoreResult.Retry<>(tier.name() + " failed: " + e);
            }
            numRetries.addAndGet(result instanceof StoreResult.Retry ? 1 : 0);
            return result;
        }

        StoreResult<MemorySegment> get(ChunkKey key, SegmentAllocator memory) {
            StoreResult<MemorySegment> result;
            try {
                result = tier.get(key, memory);
            } catch (RuntimeException e) {
                result = new StoreResult.Retry<>(tier.name() + " failed: " + e);
            }
            numRetries.addAndGet(result instanceof StoreResult.Retry ? 1 : 0);
            return result;
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
            return result;
        }

        void forget(ChunkKey key) {
            try {
                tier.forget(key);
            } catch (RuntimeException e) {
                return; // it is refused again whenever it is read
            }
        }

        TierUse use() {
            return new TierUse(tier.name(), numTokensLoaded.get(), numBytesLoaded.get(), loadNanos.get(),
                    numRefused.get(), numTaken.get(), numDropped.get(), numRetries.get(), tier.stats());
        }
    }

    /**
     * A store over tiers, which it owns from now on.
     *
     * @param verifiesData whether the SHA-256 of a chunk's data is compared on each load, beside its checksums
     */
    public TierStore(List<CacheTier> tiers, int chunkTokens, StoreWrites writes, boolean verifiesData) {
        this(tiers, chunkTokens, writes, verifiesData, null);
    }

    /**
     * The same with encryption: chunks are kept encrypted only, and others are not read.
     *
     * @param keys null for none
     */
    public TierStore(List<CacheTier> tiers, int chunkTokens, StoreWrites writes, boolean verifiesData,
            @Nullable KeyProvider keys) {
        if (tiers.isEmpty()) {
            throw new IllegalArgumentException("tiers: none");
        }
        this.tiers = tiers.stream().map(Tier::new).toList();
        this.chunkTokens = chunkTokens;
        this.writes = writes;
        this.verifiesData = verifiesData;
        this.keys = keys;
        this.promotions = new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(MAX_PROMOTIONS),
                task -> Thread.ofPlatform().daemon().name("pastkv-tier-promotion").unstarted(task),
                new ThreadPoolExecutor.DiscardPolicy());
        promotions.allowCoreThreadTimeOut(true);
    }

    /** A store over one tier with the defaults. */
    public static TierStore of(CacheTier tier) {
        return new TierStore(List.of(tier), DEFAULT_CHUNK_TOKENS, StoreWrites.COMPLETE, false);
    }

    @Override
    public int chunkTokens() {
        return chunkTokens;
    }

    @Override
    public StoreWrites writes() {
        return writes;
    }

    /** What each tier did, nearest first. */
    public List<TierUse> tierUses() {
        return tiers.stream().map(Tier::use).toList();
    }

    @Override
    public StoreRun find(List<ChunkKey> keys) {
        int numChunks = 0;
        StoreRun.Next next = StoreRun.Next.MISSING;
        boolean advances = true;
        while (advances && numChunks < keys.size()) {
            advances = false;
            next = StoreRun.Next.MISSING;
            for (Tier tier : tiers) {
                StoreRun run = tier.find(keys.subList(numChunks, keys.size()));
                numChunks += run.numChunks();
                advances |= run.numChunks() > 0 && tiers.size() > 1;
                next = run.next().compareTo(next) > 0 ? run.next() : next;
            }
        }
        return new StoreRun(numChunks, numChunks == keys.size() ? StoreRun.Next.NONE_ASKED : next);
    }

    /** The best of all tiers, of equal ones that of the nearest. */
    @Override
    public StoreResult<ChunkKey> findSharing(ChunkKey key) {
        StoreResult<ChunkKey> best = new StoreResult.Missing<>();
        int mostShared = 0;
        for (Tier tier : tiers) {
            StoreResult<ChunkKey> here = tier.findSharing(key);
            if (here instanceof StoreResult.Found<ChunkKey>(ChunkKey found)) {
                int shared = found.numSharedBlocks(key);
                best = shared > mostShared ? here : best;
                mostShared = Math.max(mostShared, shared);
            } else if (mostShared == 0 && here instanceof StoreResult.Retry) {
                best = here;
            }
        }
        return best;
    }

    @Override
    public StoreResult<StoredChunk> get(ChunkKey key, SegmentAllocator memory) {
        StoreResult<StoredChunk> result = new StoreResult.Missing<>();
        for (int i = 0; i < tiers.size(); i++) {
            StoreResult<StoredChunk> here = get(i, key, memory);
            if (here instanceof StoreResult.Found<StoredChunk>) {
                return here;
            }
            result = here instanceof StoreResult.Missing<StoredChunk> ? result : here;
        }
        return result;
    }

    private StoreResult<StoredChunk> get(int index, ChunkKey key, SegmentAllocator memory) {
        Tier tier = tiers.get(index);
        long start = System.nanoTime();
        return switch (tier.get(key, memory)) {
            case StoreResult.Found<MemorySegment>(MemorySegment content) -> {
                StoredChunk chunk = null;
                String fault;
                try {
                    MemorySegment plain = decrypted(key, content);
                    if (plain == null) {
                        makeRoom(tier, key, content);
                        yield new StoreResult.Missing<>();
                    }
                    chunk = ChunkFormat.decode(plain, verifiesData);
                    fault = faultOf(chunk, key);
                } catch (ChunkFormatException e) {
                    fault = e.getMessage();
                }
                if (fault != null || chunk == null) {
                    tier.numRefused.incrementAndGet();
                    tier.forget(key);
                    yield new StoreResult.Refused<>(tier.tier.name() + ": " + fault);
                }
                tier.loadNanos.addAndGet(System.nanoTime() - start);
                sources.put(chunk, tier);
                tier.numBytesLoaded.addAndGet(content.byteSize());
                promote(index, key, content);
                yield new StoreResult.Found<>(chunk);
            }
            case StoreResult.Missing<MemorySegment> _ -> new StoreResult.Missing<>();
            case StoreResult.Pending<MemorySegment> _ -> new StoreResult.Pending<>();
            case StoreResult.Retry<MemorySegment>(String reason) -> new StoreResult.Retry<>(reason);
            case StoreResult.Refused<MemorySegment>(String reason) -> new StoreResult.Refused<>(reason);
        };
    }

    /**
     * Where keys are used, a chunk that is not encrypted is removed. One whose key is not known stays: the file of keys
     * may be unreadable for a moment only.
     */
    private void makeRoom(Tier tier, ChunkKey key, MemorySegment content) {
        if (keys != null && ChunkCipher.keyId(content) == null) {
            tier.forget(key);
        } else if (keys != null) {
            tier.noteUnopened(key);
        }
    }

    /** What a tier has of a chunk, decrypted; null without its key, or where keys are used and it is not encrypted. */
    private @Nullable MemorySegment decrypted(ChunkKey name, MemorySegment content) throws ChunkFormatException {
        String id = ChunkCipher.keyId(content);
        if (keys == null || id == null) {
            return keys == null && id == null ? content : null;
        }
        TierKey key = keys.keyWithId(id);
        return key == null ? null : ChunkCipher.decrypt(key, name, content);
    }

    private static @Nullable String faultOf(StoredChunk chunk, ChunkKey key) {
        if (!chunk.key().equals(key)) {
            return "it is chunk " + chunk.key();
        }
        return chunk.isIntact() ? null : "a checksum does not match";
    }

    private void promote(int from, ChunkKey key, MemorySegment content) {
        if (from > 0 && promotions.getQueue().remainingCapacity() > 0) {
            MemorySegment copy = MemorySegment.ofArray(content.toArray(ValueLayout.JAVA_BYTE));
            promotions.execute(() -> tiers.subList(0, from).forEach(tier -> tier.put(key, List.of(copy))));
        }
    }

    @Override
    public PutResult put(StoredChunk chunk) {
        List<MemorySegment> content = ChunkFormat.encode(chunk);
        if (keys != null) {
            TierKey key = keys.keyOf(chunk.origin().tenant());
            if (key == null) {
                return PutResult.REFUSED;
            }
            content = List.of(ChunkCipher.encrypt(key, chunk.key(), content));
        }
        PutResult best = PutResult.REFUSED;
        for (Tier tier : tiers) {
            PutResult result = tier.put(chunk.key(), content);
            best = result == PutResult.STORED || best == PutResult.REFUSED ? result : best;
        }
        return best;
    }

    @Override
    public void used(StoredChunk chunk, int numTokens) {
        Tier tier = sources.remove(chunk);
        if (tier != null) {
            tier.numTokensLoaded.addAndGet(numTokens);
        }
    }

    @Override
    public void forget(ChunkKey key) {
        tiers.forEach(tier -> tier.forget(key));
    }

    /** Sums over the tiers. */
    @Override
    public StoreStats stats() {
        long[] sums = new long[7];
        for (Tier tier : tiers) {
            StoreStats stats = tier.tier.stats();
            long[] counts = {stats.numChunks(), stats.bytes(), stats.maxBytes(), stats.numGets(), stats.numFound(),
                stats.numPuts(), stats.numEvicted()};
            for (int i = 0; i < sums.length; i++) {
                sums[i] = Math.min(counts[i], Long.MAX_VALUE - sums[i]) + sums[i]; // a server without a limit
            }
        }
        return new StoreStats(sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6]);
    }

    @Override
    public void close() {
        promotions.shutdown();
        try {
            if (!promotions.awaitTermination(2, TimeUnit.SECONDS)) {
                promotions.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        tiers.forEach(tier -> tier.tier.close());
    }
}
