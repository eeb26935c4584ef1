package io.github.pastkv.bench.replay;

import io.github.pastkv.cache.prefix.EvictionPolicy;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.radix.BlockOwner;
import io.github.pastkv.cache.radix.PrefixMatch;
import io.github.pastkv.cache.radix.PrefixTree;
import java.util.List;

/**
 * Replays a trace on the library's prefix tree, one request at a time: leading cached blocks are hits, the others are
 * inserted, and the policy evicts what does not fit. A request's own blocks are pinned while it runs.
 */
final class Replay implements BlockOwner, AutoCloseable {
    private static final PrefixNamespace NAMESPACE = PrefixNamespace.builder("replay").build();

    private final int capacity;
    private final PrefixTree tree;
    private final PrefixMatch match = new PrefixMatch();
    private int[] path = new int[16];
    private long now;

    /** An empty cache of {@code capacity} blocks. */
    Replay(int capacity, EvictionPolicy.Factory policy) {
        this.capacity = capacity;
        this.tree = new PrefixTree(1, 1, this, policy, () -> now);
    }

    /** Share of all blocks of all requests that were hits. */
    static double hitRate(List<TraceRequest> trace, int capacity, EvictionPolicy.Factory policy) {
        long numHits = 0;
        long numAsked = 0;
        try (Replay replay = new Replay(capacity, policy)) {
            for (TraceRequest request : trace) {
                numHits += replay.run(request);
                numAsked += request.hashIds().length;
            }
        }
        return (double) numHits / numAsked;
    }

    /** Runs one request; returns how many of its blocks were there. */
    private int run(TraceRequest request) {
        int[] ids = request.hashIds();
        now = request.timestamp();
        path = path.length < ids.length ? new int[ids.length] : path;
        tree.match(tree.root(NAMESPACE), ids, ids.length, match);
        int numHits = match.numNodes();
        for (int i = 0; i < numHits; i++) {
            path[i] = match.node(i);
            tree.used(path[i]);
            tree.lock(path[i]);
        }
        int numHeld = numHits;
        while (numHeld < ids.length && makeRoom()) {
            int parent = numHeld == 0 ? tree.rootFor(NAMESPACE) : path[numHeld - 1];
            path[numHeld] = tree.put(parent, ids, numHeld, numHeld + 1, new int[] {ids[numHeld]});
            tree.lock(path[numHeld]);
            numHeld++;
        }
        for (int i = numHeld - 1; i >= 0; i--) {
            tree.unlock(path[i]);
        }
        return numHits;
    }

    private boolean makeRoom() {
        return tree.numNodes() < capacity || tree.evictOne();
    }

    @Override
    public boolean attach(int group, int blockId, int entry, int numTokens) {
        return false;
    }

    @Override
    public boolean detach(int group, int blockId) {
        return false;
    }

    @Override
    public boolean isHeld(int group, int blockId) {
        return false;
    }

    @Override
    public boolean isAttached(int group, int blockId, int entry, int numTokens) {
        return true;
    }

    @Override
    public long blockBytes(int group) {
        return 1;
    }

    @Override
    public void close() {
        tree.close();
    }
}
