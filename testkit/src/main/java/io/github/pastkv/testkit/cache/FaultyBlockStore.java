package io.github.pastkv.testkit.cache;

import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import io.github.pastkv.cache.store.StoreStats;
import io.github.pastkv.cache.store.StoredBlock;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
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
    private @Nullable StoredBlock last;

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
    public StoreRun find(List<BlockKey> keys) {
        Fault fault = draw();
        meet(fault);
        StoreRun run = store.find(keys);
        if (fault == Fault.UNAVAILABLE) {
            return new StoreRun(0, StoreRun.Next.RETRY);
        }
        if (run.numBlocks() > 0 && (fault == Fault.GONE || fault == Fault.PENDING)) {
            return new StoreRun(run.numBlocks() - 1,
                    fault == Fault.GONE ? StoreRun.Next.MISSING : StoreRun.Next.PENDING);
        }
        return run;
    }

    @Override
    public StoreResult get(BlockKey key) {
        Fault fault = draw();
        meet(fault);
        StoreResult result = store.get(key);
        if (fault == null || !(result instanceof StoreResult.Found(StoredBlock block))) {
            return result;
        }
        StoredBlock other = exchangeLast(block);
        return switch (fault) {
            case UNAVAILABLE -> new StoreResult.Retry("an injected fault");
            case GONE -> new StoreResult.Missing();
            case PENDING -> new StoreResult.Pending();
            case WRONG_BYTES -> new StoreResult.Found(changed(block, false));
            case TORN -> new StoreResult.Found(changed(block, true));
            case OTHER_BLOCK -> new StoreResult.Found(
                    new StoredBlock(block.key(), block.tokenIds(), other.groups(), other.checksum()));
            case OTHER_TOKENS -> {
                int[] tokenIds = block.tokenIds();
                tokenIds[tokenIds.length - 1]++;
                yield new StoreResult.Found(StoredBlock.of(key, tokenIds, block.groups()));
            }
            case DELAY, ERROR, FULL -> result;
        };
    }

    /** A block that was returned before, or a changed one where there was none with other content. */
    private synchronized StoredBlock exchangeLast(StoredBlock block) {
        StoredBlock other = last;
        last = block;
        return other == null || other.key().equals(block.key()) ? changed(block, false) : other;
    }

    private static StoredBlock changed(StoredBlock block, boolean torn) {
        List<@Nullable MemorySegment> groups = new ArrayList<>();
        for (MemorySegment group : block.groups()) {
            groups.add(group == null ? null : changed(group.toArray(ValueLayout.JAVA_BYTE), torn));
        }
        return new StoredBlock(block.key(), block.tokenIds(), groups, block.checksum());
    }

    private static MemorySegment changed(byte[] bytes, boolean torn) {
        if (torn) {
            return MemorySegment.ofArray(Arrays.copyOf(bytes, bytes.length - 1));
        }
        bytes[bytes.length / 2] ^= 4;
        return MemorySegment.ofArray(bytes);
    }

    @Override
    public PutResult put(StoredBlock block) {
        Fault fault = draw();
        meet(fault);
        if (fault == Fault.UNAVAILABLE) {
            return PutResult.RETRY;
        }
        return fault == Fault.FULL ? PutResult.REFUSED : store.put(block);
    }

    @Override
    public void forget(BlockKey key) {
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
