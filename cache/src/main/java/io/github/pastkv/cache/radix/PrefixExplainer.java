package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.prefix.PrefixExplanation;
import io.github.pastkv.cache.prefix.PrefixMissReason;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Determines how much of a request a tree has and why the hit is not longer. Under the tree's lock; changes nothing.
 */
public final class PrefixExplainer {
    private final PrefixTree tree;
    private final PrefixNodes nodes;
    private final long nowMillis;

    public PrefixExplainer(PrefixTree tree, long nowMillis) {
        this.tree = tree;
        this.nodes = tree.nodes();
        this.nowMillis = nowMillis;
    }

    /**
     * Explains a hit.
     *
     * @param match the matching tokens
     * @param numReused number of tokens that can be reused
     */
    public PrefixExplanation explain(PrefixNamespace namespace, int[] tokenIds, PrefixMatch match, int numReused) {
        return new PrefixExplanation(tokenIds.length, numReused, numFromRunning(match, numReused),
                missReason(namespace, tokenIds, match, numReused), List.of());
    }

    private int numFromRunning(PrefixMatch match, int numReused) {
        int numFromRunning = 0;
        for (int i = 0; i * tree.blockSize() < numReused; i++) {
            int numHere = Math.min(tree.blockSize(), numReused - i * tree.blockSize());
            numFromRunning += isHeld(match.node(i)) ? numHere : 0;
        }
        return numFromRunning;
    }

    private boolean isHeld(int node) {
        for (int group = 0; group < tree.numGroups(); group++) {
            int blockId = nodes.blockId(node, group);
            if (blockId != PrefixTree.NONE && tree.owner().isHeld(group, blockId)) {
                return true;
            }
        }
        return false;
    }

    private PrefixMissReason missReason(PrefixNamespace namespace, int[] tokenIds, PrefixMatch match, int numReused) {
        int numAgreeing = match.numTokens();
        if (numReused >= tokenIds.length - 1) {
            return new PrefixMissReason.Whole();
        }
        if (numReused < Math.min(numAgreeing, tokenIds.length - 1)) {
            return new PrefixMissReason.OutsideWindow(numAgreeing);
        }
        long evictedMillis = evictedMillis(namespace, tokenIds, numAgreeing);
        if (evictedMillis != EvictedPrefixes.NEVER_SEEN) {
            return new PrefixMissReason.Evicted(nowMillis - evictedMillis);
        }
        PrefixMissReason difference = differenceAfter(namespace, tokenIds, match);
        if (difference instanceof PrefixMissReason.Expired) {
            return difference;
        }
        PrefixMissReason elsewhere = elsewhere(namespace, tokenIds, numAgreeing);
        if (elsewhere != null) {
            return elsewhere;
        }
        return difference == null ? new PrefixMissReason.NeverSeen() : difference;
    }

    /** Eviction time of the block that continues the match. */
    private long evictedMillis(PrefixNamespace namespace, int[] tokenIds, int numAgreeing) {
        long hash = namespace.seed();
        int blockEnd = Math.min(tokenIds.length, (numAgreeing / tree.blockSize() + 1) * tree.blockSize());
        for (int i = 0; i < blockEnd; i++) {
            hash = TokenHash.next(hash, tokenIds[i]);
            if (i >= numAgreeing && tree.evictedPrefixes().evictedMillis(hash) != EvictedPrefixes.NEVER_SEEN) {
                return tree.evictedPrefixes().evictedMillis(hash);
            }
        }
        return EvictedPrefixes.NEVER_SEEN;
    }

    private @Nullable PrefixMissReason differenceAfter(PrefixNamespace namespace, int[] tokenIds, PrefixMatch match) {
        int position = match.numTokens();
        int inBlock = position % tree.blockSize();
        if (inBlock > 0) { // the last node matches in part, or is a partial block
            int last = match.node(match.numNodes() - 1);
            return inBlock < nodes.numTokens(last) ? difference(position, tokenIds, nodes.tokenId(last, inBlock))
                    : null;
        }
        int parent = position == 0 ? tree.root(namespace) : match.node(match.numNodes() - 1);
        if (parent == PrefixTree.NONE || nodes.children(parent) == PrefixTree.NONE) {
            return null;
        }
        int agreeing =
                tree.childTreap().findLongest(nodes.children(parent), tokenIds, position, tokenIds.length);
        int nearest = agreeing == 0 ? nodes.children(parent) : tree.childTreap().found();
        return agreeing > 0 && nodes.expires(nearest) <= nowMillis
                ? new PrefixMissReason.Expired()
                : difference(position, tokenIds, nodes.tokenId(nearest, 0));
    }

    private static PrefixMissReason difference(int position, int[] tokenIds, int cachedTokenId) {
        return new PrefixMissReason.DifferentToken(position, tokenIds[position], cachedTokenId);
    }

    private @Nullable PrefixMissReason elsewhere(PrefixNamespace namespace, int[] tokenIds, int numAgreeing) {
        PrefixMatch match = new PrefixMatch();
        int longest = numAgreeing;
        PrefixNamespace where = null;
        for (Map.Entry<PrefixNamespace, Integer> root : tree.roots().entrySet()) {
            tree.match(root.getValue(), tokenIds, tokenIds.length, match);
            if (!root.getKey().equals(namespace) && match.numTokens() > longest) {
                longest = match.numTokens();
                where = root.getKey();
            }
        }
        return where == null ? null : new PrefixMissReason.OtherNamespace(where.label(), longest);
    }
}
