package io.github.pastkv.cache.radix;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** A owner of blocks that are numbers only: who holds which, and which belong to what node. One group. */
final class CountingOwner implements BlockOwner {
    static final long BLOCK_BYTES = 100;

    /** A node and how many slots of its block are its. */
    record Attachment(int node, int numTokens) {}

    final Set<Integer> held = new HashSet<>();
    final Map<Integer, Attachment> attached = new HashMap<>();

    @Override
    public boolean attach(int group, int blockId, int node, int numTokens) {
        attached.put(blockId, new Attachment(node, numTokens));
        return held.contains(blockId);
    }

    @Override
    public boolean detach(int group, int blockId) {
        if (attached.remove(blockId) == null) {
            throw new AssertionError("block " + blockId + " is detached twice");
        }
        return held.contains(blockId);
    }

    @Override
    public boolean isHeld(int group, int blockId) {
        return held.contains(blockId);
    }

    @Override
    public boolean isAttached(int group, int blockId, int node, int numTokens) {
        return new Attachment(node, numTokens).equals(attached.get(blockId));
    }

    @Override
    public long blockBytes(int group) {
        return BLOCK_BYTES;
    }
}
