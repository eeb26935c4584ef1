package io.github.pastkv.testkit.cache;

import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import io.github.pastkv.cache.store.StoreStats;
import io.github.pastkv.cache.store.StoredChunk;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A store that fails on purpose: each call meets one of the given faults with a given probability, decided by a seed.
 * What it returns then is late, missing or wrong, but what it keeps beneath is not harmed.
 */
public final class FaultyBlockStore implements BlockStore {
    /** What can go wrong. */
    public enum Fault {
        /** A call takes a few milliseconds. */
        DELAY,
        /** A call throws, which the contract forbids. */
        ERROR,
        /** The medium cannot be asked now. */
        UNAVAILABLE,
        /** A block that is there is not found. */
        GONE,
        /** A block that is there is still being written. */
        PENDING,
        /** A put is refused for lack of room. */
        FULL,
        /** A bit of the keys or values is flipped. */
        WRONG_BYTES,
        /** The end of the content is missing. */
        TORN,
        /** The content is that of another key. */
        OTHER_BLOCK,
        /** The token ids are others, with a checksum that is right for them. */
        OTHER_TOKENS
    }

    private final BlockStore store;
    private final List<Fault> faults;
    private final double probability;
    private final Random random;
    private @Nullable StoredChunk last;

    /** A store over {@code store} with these faults. */
    public FaultyBlockStore(BlockStore store, Set<Fault> faults, double probability, long seed) {
        this.store = store;
        this.faults = List.copyOf(faults);
        this.probability = probability;
        this.random = new Random(seed);
    }

    private synchronized @Nullable Fault draw() {
        return random.nextDouble() < probability ? faults.get(random.nextInt(faults.size())) : null;
    }

    private static void meet(@Nullable Fault fault) {
        if (fault == Fault.DELAY) {
            LockSupport.parkNanos(2_000_000);
        } else if (fault == Fault.ERROR) {
            throw new IllegalStateException("an injected fault");
        }
    }

    @Override
    public StoreRun find(List<ChunkKey> keys) {
        Fault fault = draw();
        meet(fault);
        StoreRun run = store.find(keys);
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
        return fault == Fault.GONE ? new StoreResult.Missing<>() : store.findSharing(key);
    }

    @Override
    public StoreResult<StoredChunk> get(ChunkKey key, String tenant, SegmentAllocator memory) {
        Fault fault = draw();
        meet(fault);
        StoreResult<StoredChunk> result = store.get(key, tenant, memory);
        if (fault == null || !(result instanceof StoreResult.Found<StoredChunk>(StoredChunk chunk))) {
            return result;
        }
        StoredChunk other = exchangeLast(chunk);
        return switch (fault) {
            case UNAVAILABLE -> new StoreResult.Retry<>("an injected fault");
            case GONE -> new StoreResult.Missing<>();
            case PENDING -> new StoreResult.Pending<>();
            case WRONG_BYTES -> new StoreResult.Found<>(changed(chunk, false));
            case TORN -> new StoreResult.Found<>(changed(chunk, true));
            case OTHER_BLOCK -> new StoreResult.Found<>(withContentOf(chunk, other));
            case OTHER_TOKENS -> {
                int[] tokenIds = chunk.tokenIds();
                tokenIds[tokenIds.length - 1]++;
                yield new StoreResult.Found<>(StoredChunk.of(chunk.origin(), chunk.before(), chunk.firstPosition(),
                        tokenIds, chunk.blockSize(), partsOf(chunk)));
            }
            case DELAY, ERROR, FULL -> result;
        };
    }

    private static List<@Nullable MemorySegment> partsOf(StoredChunk chunk) {
        List<@Nullable MemorySegment> parts = new ArrayList<>();
        for (int block = 0; block < chunk.numBlocks(); block++) {
            for (int group = 0; group < chunk.numGroups(); group++) {
                parts.add(chunk.part(block, group));
            }
        }
        return parts;
    }

    /** The place and tokens of one chunk, bytes and checksums of another as far as they go. */
    private static StoredChunk withContentOf(StoredChunk chunk, StoredChunk other) {
        List<@Nullable MemorySegment> parts = partsOf(chunk);
        int[] checksums = IntStream.range(0, chunk.numBlocks()).map(chunk::checksum).toArray();
        for (int block = 0; block < Math.min(chunk.numBlocks(), other.numBlocks()); block++) {
            checksums[block] = other.checksum(block);
            for (int group = 0; group < chunk.numGroups(); group++) {
                parts.set(block * chunk.numGroups() + group, other.part(block, group));
            }
        }
        return new StoredChunk(chunk.origin(), chunk.before(), chunk.firstPosition(), chunk.tokenIds(), parts,
                checksums);
    }

    /** A chunk that was returned before, or a changed one where there was none with other content. */
    private synchronized StoredChunk exchangeLast(StoredChunk chunk) {
        StoredChunk other = last;
        last = chunk;
        return other == null || other.key().equals(chunk.key()) ? changed(chunk, false) : other;
    }

    private static StoredChunk changed(StoredChunk chunk, boolean torn) {
        List<@Nullable MemorySegment> parts = new ArrayList<>();
        for (MemorySegment part : partsOf(chunk)) {
            parts.add(part == null ? null : changed(part.toArray(ValueLayout.JAVA_BYTE), torn));
        }
        int[] checksums = IntStream.range(0, chunk.numBlocks()).map(chunk::checksum).toArray();
        return new StoredChunk(chunk.origin(), chunk.before(), chunk.firstPosition(), chunk.tokenIds(), parts,
                checksums);
    }

    private static MemorySegment changed(byte[] bytes, boolean torn) {
        if (torn) {
            return MemorySegment.ofArray(Arrays.copyOf(bytes, bytes.length - 1));
        }
        bytes[bytes.length / 2] ^= 4;
        return MemorySegment.ofArray(bytes);
    }

    @Override
    public PutResult put(StoredChunk chunk) {
        Fault fault = draw();
        meet(fault);
        if (fault == Fault.UNAVAILABLE) {
            return PutResult.RETRY;
        }
        return fault == Fault.FULL ? PutResult.REFUSED : store.put(chunk);
    }

    @Override
    public void forget(ChunkKey key) {
        meet(draw());
        store.forget(key);
    }

    @Override
    public StoreStats stats() {
        return store.stats();
    }

    @Override
    public void close() {
        store.close();
    }
}
