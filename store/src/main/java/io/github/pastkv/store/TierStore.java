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
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A store over one or more tiers, nearest first: writes chunks to all of them in the format of {@link ChunkFormat}, and
 * reads each from the first that has it whole and sound. What a tier returns is verified here, so that the next one is
 * asked where it is damaged; a damaged chunk is removed. What came from a farther tier is written to the nearer ones.
 * Each tier but the nearest has a queue of writes and a thread of its own, so that none delays another. By
 * {@link LoadRule#MEASURED} a tier is read where loading is faster than computing.
 *
 * <p>Owns its tiers until {@link #close}. Safe for any number of threads.
 */
public final class TierStore implements BlockStore {
    /** How long closing waits for what waits to be written. */
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);
    private static final long MIN_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final List<MeasuredTier> tiers;
    private final int chunkTokens;
    private final StoreWrites writes;
    private final boolean verifiesData;
    private final @Nullable KeyProvider keys;
    private final LoadRule rule;
    private final MeanCost computing = new MeanCost(); // a token
    // of unused
    private final Map<StoredChunk, MeasuredTier> sources = Collections.synchronizedMap(new WeakHashMap<>());

    /**
     * A store over tiers, which it owns from now on.
     *
     * @param verifiesData whether the SHA-256 of a chunk's data is compared on each load, beside its checksums
     */
    public TierStore(List<CacheTier> tiers, int chunkTokens, StoreWrites writes, boolean verifiesData) {
        this(tiers, chunkTokens, writes, verifiesData, null, LoadRule.ALWAYS);
    }

    /**
     * The same with encryption, and with a rule of reading. With keys, chunks are kept encrypted only, and others are
     * not read.
     *
     * @param keys null for none
     */
    public TierStore(List<CacheTier> tiers, int chunkTokens, StoreWrites writes, boolean verifiesData,
            @Nullable KeyProvider keys, LoadRule rule) {
        if (tiers.isEmpty()) {
            throw new IllegalArgumentException("tiers: none");
        }
        this.rule = rule;
        this.tiers = tiers.stream().map(tier -> new MeasuredTier(tier, new LoadRates(rule, computing))).toList();
        this.chunkTokens = chunkTokens;
        this.writes = writes;
        this.verifiesData = verifiesData;
        this.keys = keys;
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
        return tiers.stream().map(MeasuredTier::use).toList();
    }

    @Override
    public StoreRun find(List<ChunkKey> keys) {
        int numChunks = 0;
        StoreRun.Next next = StoreRun.Next.MISSING;
        boolean advances = true;
        while (advances && numChunks < keys.size()) {
            advances = false;
            next = StoreRun.Next.MISSING;
            for (MeasuredTier tier : tiers) {
                StoreRun run = tier.find(keys.subList(numChunks, keys.size()), chunkTokens);
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
        for (MeasuredTier tier : tiers) {
            StoreResult<ChunkKey> here = tier.findSharing(key, chunkTokens);
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
    public StoreResult<StoredChunk> get(ChunkKey key, String tenant, SegmentAllocator memory) {
        StoreResult<StoredChunk> result = new StoreResult.Missing<>();
        for (int i = 0; i < tiers.size(); i++) {
            if (tiers.get(i).rates().mayLoad()) {
                StoreResult<StoredChunk> here = get(i, key, tenant, memory);
                if (here instanceof StoreResult.Found<StoredChunk>) {
                    return here;
                }
                result = here instanceof StoreResult.Missing<StoredChunk> ? result : here;
            }
        }
        return result;
    }

    private StoreResult<StoredChunk> get(int index, ChunkKey key, String tenant, SegmentAllocator memory) {
        MeasuredTier tier = tiers.get(index);
        long start = System.nanoTime();
        return switch (tier.get(key, memory)) {
            case StoreResult.Found<MemorySegment>(MemorySegment content) -> {
                StoreResult<StoredChunk> result = verified(tier, key, tenant, content);
                if (result instanceof StoreResult.Found<StoredChunk>(StoredChunk chunk)) {
                    tier.loaded(key, chunk.numTokens(), content.byteSize(), System.nanoTime() - start);
                    sources.put(chunk, tier);
                    tiers.subList(0, index).forEach(nearer -> nearer.putLater(key, List.of(content)));
                }
                yield result;
            }
            case StoreResult.Missing<MemorySegment> _ -> new StoreResult.Missing<>();
            case StoreResult.Pending<MemorySegment> _ -> new StoreResult.Pending<>();
            case StoreResult.Retry<MemorySegment>(String reason) -> new StoreResult.Retry<>(reason);
            case StoreResult.Refused<MemorySegment>(String reason) -> new StoreResult.Refused<>(reason);
        };
    }

    private StoreResult<StoredChunk> verified(MeasuredTier tier, ChunkKey key, String tenant, MemorySegment content) {
        String fault;
        try {
            MemorySegment plain = decrypted(key, tenant, content);
            if (plain == null) {
                makeRoom(tier, key, content);
                return new StoreResult.Missing<>();
            }
            StoredChunk chunk = ChunkFormat.decode(plain, verifiesData);
            fault = faultOf(chunk, key);
            if (fault == null) {
                return new StoreResult.Found<>(chunk);
            }
        } catch (ChunkFormatException e) {
            fault = String.valueOf(e.getMessage());
        }
        tier.refused(key, fault);
        return new StoreResult.Refused<>(tier.name() + ": " + fault);
    }

    /**
     * Where keys are used, a chunk that is not encrypted is removed. One whose key is not known stays: the file of keys
     * may be unreadable for a moment only.
     */
    private void makeRoom(MeasuredTier tier, ChunkKey key, MemorySegment content) {
        if (keys != null && ChunkCipher.keyId(content) == null) {
            tier.forget(key);
        } else if (keys != null) {
            tier.noteUnopened(key);
        }
    }

    /** What a tier has of a chunk, decrypted; null without its key, or where keys are used and it is not encrypted. */
    private @Nullable MemorySegment decrypted(ChunkKey name, String tenant, MemorySegment content)
            throws ChunkFormatException {
        String id = ChunkCipher.keyId(content);
        if (keys == null || id == null) {
            return keys == null && id == null ? content : null;
        }
        TierKey key = keys.keyOf(tenant, id);
        return key == null ? null : ChunkCipher.decrypt(key, name, content);
    }

    private static @Nullable String faultOf(StoredChunk chunk, ChunkKey key) {
        if (!chunk.key().equals(key)) {
            return "it is chunk " + chunk.key();
        }
        return chunk.isIntact() ? null : "a checksum does not match";
    }

    /** Writes to the nearest tier, and queues a copy for each other one. */
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
        PutResult best = tiers.getFirst().put(chunk.key(), content);
        for (MeasuredTier tier : tiers.subList(1, tiers.size())) {
            PutResult result = tier.putLater(chunk.key(), content);
            best = result == PutResult.STORED || best == PutResult.REFUSED ? result : best;
        }
        return best;
    }

    @Override
    public void used(StoredChunk chunk, int numTokens) {
        MeasuredTier tier = sources.remove(chunk);
        if (tier != null) {
            tier.used(numTokens);
        }
    }

    @Override
    public void refused(StoredChunk chunk, ChunkKey key, String reason) {
        MeasuredTier tier = sources.remove(chunk);
        if (tier == null) {
            forget(key);
        } else {
            tier.refused(key, reason);
        }
    }

    @Override
    public void forget(ChunkKey key) {
        tiers.getFirst().forget(key);
        tiers.subList(1, tiers.size()).forEach(tier -> tier.forgetLater(key));
    }

    @Override
    public void computed(int numTokens, long nanos) {
        computing.add(numTokens, nanos);
    }

    /** With {@link LoadRule#MEASURED} twice the time that computing takes, and at least a tenth of a second. */
    @Override
    public long maxWaitNanos(int numTokens) {
        double nanos = 2 * numTokens * computing.nanos();
        return rule == LoadRule.ALWAYS || Double.isNaN(nanos) ? Long.MAX_VALUE : Math.max(MIN_WAIT_NANOS, (long) nanos);
    }

    @Override
    public List<String> explain(List<ChunkKey> keys, boolean asks) {
        return tiers.stream().map(tier -> explanation(tier, keys, asks)).filter(line -> !line.isEmpty()).toList();
    }

    private String explanation(MeasuredTier tier, List<ChunkKey> keys, boolean asks) {
        List<String> parts = new ArrayList<>();
        if (asks && !tier.rates().pays(keys.size() * chunkTokens)) {
            parts.add("is not asked: it " + tier.rates());
        } else if (asks) {
            StoreRun run = tier.ask(keys);
            parts.add(run.next() == StoreRun.Next.RETRY ? "cannot be asked now"
                    : "has " + run.numChunks() + " of " + keys.size() + " chunks");
        }
        tier.refusalOf(keys).ifPresent(reason -> parts.add("a chunk was discarded: " + reason));
        return parts.isEmpty() ? "" : tier.name() + " " + String.join("; ", parts);
    }

    /** Sums over the tiers. */
    @Override
    public StoreStats stats() {
        long[] sums = new long[7];
        for (MeasuredTier tier : tiers) {
            StoreStats stats = tier.tier().stats();
            long[] counts = {stats.numChunks(), stats.bytes(), stats.maxBytes(), stats.numGets(), stats.numFound(),
                stats.numPuts(), stats.numEvicted()};
            for (int i = 0; i < sums.length; i++) {
                sums[i] = Math.min(counts[i], Long.MAX_VALUE - sums[i]) + sums[i]; // a server without a limit
            }
        }
        return new StoreStats(sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6]);
    }

    /** Writes what is queued for at most ten seconds, and drops the rest. */
    @Override
    public void close() {
        long end = System.nanoTime() + CLOSE_LIMIT.toNanos();
        tiers.forEach(tier -> tier.writes().shutDown());
        tiers.forEach(tier -> tier.close(tier.writes().end(Duration.ofNanos(end - System.nanoTime()))));
    }
}
