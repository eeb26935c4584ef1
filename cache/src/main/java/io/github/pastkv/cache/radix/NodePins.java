package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.PoolBudget;
import io.github.pastkv.cache.prefix.PrefixIndex.Pin;
import java.util.HashMap;
import java.util.Map;

/** The pins of a tree's nodes, each of which protects a node and its ancestors from eviction until it is closed. */
final class NodePins {
    private final PrefixTree tree;
    private final PoolBudget budget;
    private final Map<Integer, Integer> counts = new HashMap<>();
    private boolean closed;

    /** No pins; {@code budget} is the lock. */
    NodePins(PrefixTree tree, PoolBudget budget) {
        this.tree = tree;
        this.budget = budget;
    }

    /** A pin of a node that stands for a prefix of {@code numTokens} tokens; under the lock. */
    Pin pin(int node, int numTokens) {
        tree.lock(node);
        counts.merge(node, 1, Integer::sum);
        return new NodePin(node, numTokens);
    }

    /** A pin of nothing. */
    Pin none() {
        return new NodePin(PrefixTree.NONE, 0);
    }

    /** Number of pins of a node; under the lock. */
    int count(int node) {
        return counts.getOrDefault(node, 0);
    }

    /** The tree is about to be closed: open pins protect nothing any more; under the lock. */
    void close() {
        closed = true;
    }

    private final class NodePin implements Pin {
        private final int node;
        private final int numTokens;
        private boolean ended;

        NodePin(int node, int numTokens) {
            this.node = node;
            this.numTokens = numTokens;
        }

        @Override
        public int numTokens() {
            return numTokens;
        }

        @Override
        public void close() {
            synchronized (budget) {
                if (!ended && node != PrefixTree.NONE && !closed) {
                    counts.merge(node, -1, (before, less) -> before + less == 0 ? null : before + less);
                    tree.unlock(node);
                    budget.trimCached();
                }
                ended = true;
            }
        }
    }
}
