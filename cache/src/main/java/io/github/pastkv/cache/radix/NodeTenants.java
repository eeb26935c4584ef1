package io.github.pastkv.cache.radix;

import org.jspecify.annotations.Nullable;

/**
 * Finds the tenants of a tree's nodes: those of the namespaces below whose roots they are. Looking up all of them takes
 * time in proportion to their number. Valid until the tree changes.
 */
final class NodeTenants {
    private final PrefixNodes nodes;
    private final @Nullable String[] known; // by node; at first of the roots only

    NodeTenants(PrefixTree tree) {
        this.nodes = tree.nodes();
        this.known = new String[nodes.records().numGiven()];
        tree.roots().forEach((namespace, root) -> known[root] = namespace.tenant());
    }

    String of(int node) {
        int ancestor = node;
        String tenant = known[ancestor];
        while (tenant == null) {
            ancestor = nodes.parent(ancestor);
            tenant = known[ancestor];
        }
        for (int below = node; below != ancestor; below = nodes.parent(below)) {
            known[below] = tenant;
        }
        return tenant;
    }
}
