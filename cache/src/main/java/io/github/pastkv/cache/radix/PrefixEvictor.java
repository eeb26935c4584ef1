package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.BlockPool;
import io.github.pastkv.cache.block.LayerGroup;
import io.github.pastkv.cache.block.PoolBudget;
import io.github.pastkv.cache.events.KvEvents;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Evicts cached blocks on behalf of the pools. Under the pools' lock. */
final class PrefixEvictor implements PoolBudget.Evictor {
    private static final int NONE = PrefixTree.NONE;

    private final PrefixTree tree;
    private final LayerGroup[] groups;
    private final @Nullable EvictionSpill spill;
    private final int[] windowed; // groups whose cached blocks may be reclaimable

    PrefixEvictor(LayerGroup[] groups, PrefixTree tree, @Nullable EvictionSpill spill) {
        this.spill = spill;
        this.tree = tree;
        this.groups = groups;
        this.windowed = IntStream.range(0, groups.length).filter(group -> groups[group].window().isBounded()).toArray();
    }

    @Override
    public long evictableBytes() {
        long bytes = tree.evictableBytes();
        for (int group : windowed) {
            bytes += groups[group].blocks().numReclaimable() * groups[group].layout().blockBytes();
        }
        return bytes;
    }

    @Override
    public boolean evictOne() {
        for (int group : windowed) {
            int blockId = groups[group].blocks().firstReclaimable();
            if (blockId != NONE) {
                int node = groups[group].blocks().node(blockId);
                if (spill != null) {
                    spill.evicting(node, false);
                }
                tree.setBlock(node, group, NONE);
                return true;
            }
        }
        boolean evicts = tree.evictOne();
        if (evicts) {
            KvEvents.evict(tree.numEvicted());
        }
        return evicts;
    }

    @Override
    public boolean trimOne() {
        return spill == null ? evictOne() : spill.trimOne(this::evictOne);
    }

    @Override
    public void prepareRoom(long bytes) {
        if (spill != null) {
            spill.prepareRoom(bytes, this::evictOne);
        }
    }

    @Override
    public boolean evictSubtree(int node) {
        return tree.evictSubtree(node);
    }

    @Override
    public void held(int node) {
        tree.lock(node);
    }

    @Override
    public void unheld(BlockPool pool, int blockId, int node) {
        tree.unlock(node);
        for (int group : windowed) {
            if (groups[group].blocks() == pool && tree.isLocked(node)) {
                pool.markReclaimable(blockId);
            }
        }
    }
}
