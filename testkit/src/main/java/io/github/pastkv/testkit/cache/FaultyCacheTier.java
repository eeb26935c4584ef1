package io.github.pastkv.testkit.cache;

import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import io.github.pastkv.cache.store.StoreStats;
import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.TierEntry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A tier that fails on purpose: each call meets one of the given faults with a given probability, decided by a seed.
 * Unlike a sound tier it may return wrong bytes, keep torn ones and throw.
 */
public final class FaultyCacheTier implements CacheTier {
    /** What can go wrong. */
    public enum Fault {
        /** A call takes a few milliseconds. */
        DELAY,
        /** A call throws, which the contract forbids. */
        ERROR,
        /** The medium cannot be asked now. */
        UNAVAILABLE,
        /** A chunk that is there is not found. */
        GONE,
        /** A chunk that is there is still being written. */
        PENDING,
        /** A put is refused for lack of room. */
        FULL,
        /** A put keeps only the beginning, and says that it is stored. */
        TORN_WRITE,
        /** A bit is flipped on reading. */
        WRONG_BYTES,
        /** The end is missing on reading. */
        TORN_READ,
        /** The content is that of another key. */
        OTHER_CHUNK
    }

    private final CacheTier tier;
    private final List<Fault> faults;
    private final double probability;
    private final Random random;
    private byte @Nullable [] last;

    /** A tier over {@code tier}, which it closes, with these faults. */
    public FaultyCacheTier(CacheTier tier, Set<Fault> faults, double probability, long seed) {
        this.tier = tier;
        this.faults = List.copyOf(faults);
        this.probability = probability;
        this.random = new Random(seed);
    }

    private synchronized @Nullable Fault draw() {
        return random.nextDouble() < probability ? faults.get(random.nextInt(faults.size())) : null;
    }

    private synchronized int draw(int bound) {
        return random.nextInt(bound);
    }

    private static void meet(@Nullable Fault fault) {
        if (fault == Fault.DELAY) {
            LockSupport.parkNanos(2_000_000);
        } else if (fault == Fault.ERROR) {
            throw new IllegalStateException("an injected fault");
        }
    }

    @Override
    public String name() {
        return "faulty " + tier.name();
    }

    @Override
    public StoreRun find(List<ChunkKey> keys) {
        Fault fault = draw();
        meet(fault);
        StoreRun run = tier.find(keys);
        if (fault == Fault.UNAVAILABLE) {
            return new StoreRun(0, StoreRun.Next.RETRY);
        }
        if (run.numChunks() > 0 && (fault == Fault.GONE || fault == Fault.PENDING)) {
            return new StoreRun(run.numChunks() - 1,
                    fault == Fault.GONE ? StoreRun.Next.MISSING : StoreRun.Next.PENDING);
        }
        return run;
    }

    @Override
    public StoreResult<ChunkKey> findSharing(ChunkKey key) {
        Fault fault = draw();
        meet(fault);
        if (fault == Fault.UNAVAILABLE) {
            return new StoreResult.Retry<>("an injected fault");
        }
        return fault == Fault.GONE ? new StoreResult.Missing<>() : tier.findSharing(key);
    }

    @Override
    public StoreResult<MemorySegment> get(ChunkKey key, SegmentAllocator memory) {
        Fault fault = draw();
        meet(fault);
        StoreResult<MemorySegment> result = tier.get(key, memory);
        if (!(result instanceof StoreResult.Found<MemorySegment>(MemorySegment content)) || fault == null) {
            return result;
        }
        return switch (fault) {
            case UNAVAILABLE -> new StoreResult.Retry<>("an injected fault");
            case GONE -> new StoreResult.Missing<>();
            case PENDING -> new StoreResult.Pending<>();
            case WRONG_BYTES -> new StoreResult.Found<>(flipped(content));
            case TORN_READ -> new StoreResult.Found<>(content.asSlice(0, content.byteSize() / 2));
            case OTHER_CHUNK -> new StoreResult.Found<>(exchangeLast(content));
            case DELAY, ERROR, FULL, TORN_WRITE -> result;
        };
    }

    private MemorySegment flipped(MemorySegment content) {
        byte[] bytes = content.toArray(ValueLayout.JAVA_BYTE);
        bytes[draw(bytes.length)] ^= (byte) (1 << draw(8));
        return MemorySegment.ofArray(bytes);
    }

    private synchronized MemorySegment exchangeLast(MemorySegment content) {
        byte[] other = last;
        last = content.toArray(ValueLayout.JAVA_BYTE);
        return other == null ? flipped(content) : MemorySegment.ofArray(other);
    }

    @Override
    public PutResult put(ChunkKey key, List<MemorySegment> content) {
        Fault fault = draw();
        meet(fault);
        if (fault == Fault.UNAVAILABLE) {
            return PutResult.RETRY;
        }
        if (fault == Fault.TORN_WRITE) {
            List<MemorySegment> torn = new ArrayList<>(content);
            MemorySegment end = torn.removeLast();
            torn.add(end.asSlice(0, end.byteSize() / 2));
            return tier.put(key, torn);
        }
        return fault == Fault.FULL ? PutResult.REFUSED : tier.put(key, content);
    }

    @Override
    public void forget(ChunkKey key) {
        meet(draw());
        tier.forget(key);
    }

    @Override
    public void list(Consumer<TierEntry> each) throws IOException {
        if (draw() == Fault.UNAVAILABLE) {
            throw new IOException("an injected fault");
        }
        tier.list(each);
    }

    @Override
    public StoreStats stats() {
        return tier.stats();
    }

    @Override
    public void close() {
        tier.close();
    }
}
