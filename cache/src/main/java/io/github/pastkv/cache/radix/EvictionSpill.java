package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.PoolBudget;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Hands blocks that are evicted before they were written to the {@link StoreWriter}. Eviction runs under the budget's
 * lock, where a victim is only held; it is copied outside the lock. What finds no room in the queue is dropped and
 * counted.
 */
final class EvictionSpill {
    private final StoreWriter writer;
    private final PrefixTree tree;
    private final PoolBudget budget;
    private @Nullable List<HeldChunk> collected; // under the budget's lock: victims of the current eviction

    EvictionSpill(StoreWriter writer, PrefixTree tree, PoolBudget budget) {
        this.writer = writer;
        this.tree = tree;
        this.budget = budget;
    }

    /**
     * Called before a node is evicted or loses its block in a windowed group. Under the budget's lock.
     *
     * @param isEvicted whether the node itself is evicted, so that its blocks are taken over
     */
    void evicting(int node, boolean isEvicted) {
        if (tree.isStored(node) || !tree.isWhole(node) || tree.hasExpiry(node)) {
            return;
        }
        HeldChunk victim = collected == null ? null : writer.chunkEndingAt(node);
        if (collected == null || victim == null || victim.hasExpiry()) {
            writer.dropped(1); // its memory is needed immediately
            return;
        }
        victim.hold(isEvicted);
        victim.setStored(true);
        collected.add(victim);
    }

    /** Evicts a cached block beyond the limit and queues it. Under the budget's lock. */
    boolean trimOne(BooleanSupplier evictOne) {
        List<HeldChunk> victims = new ArrayList<>();
        collected = victims;
        boolean evicted;
        try {
            evicted = evictOne.getAsBoolean();
        } finally {
            collected = null;
        }
        victims.forEach(writer::offerOrRelease);
        return evicted;
    }

    /**
     * Makes room for an allocation by evicting the same blocks earlier, so that they can be copied first; not under the
     * lock.
     */
    void prepareRoom(long bytes, BooleanSupplier evictOne) {
        List<HeldChunk> victims = new ArrayList<>();
        writer.whileNotCopying(() -> {
            if (missingBytes(bytes) > 0) {
                writer.copyQueued();
                evictFor(bytes, evictOne, victims);
                victims.forEach(writer::copyAndOffer);
            }
        });
    }

    private long missingBytes(long bytes) {
        synchronized (budget) {
            return bytes - budget.leftBytes();
        }
    }

    private void evictFor(long bytes, BooleanSupplier evictOne, List<HeldChunk> victims) {
        synchronized (budget) {
            long missing = bytes - budget.leftBytes();
            if (missing > budget.evictor().evictableBytes()) {
                return; // the allocation will fail, and must change nothing
            }
            collected = victims;
            try {
                while (missing > 0 && evictOne.getAsBoolean()) {
                    missing = bytes - budget.leftBytes();
                    for (HeldChunk victim : victims) {
                        missing -= victim.freedBytes();
                    }
                }
            } finally {
                collected = null;
            }
        }
    }
}
