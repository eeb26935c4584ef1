package io.github.pastkv.cache;

import java.util.Arrays;

/**
 * Whether a cache is frozen, and each of its layers: one that is used alone may be frozen by itself, and then the cache
 * as a whole cannot be appended to.
 */
final class LayerFlags {
    private final boolean[] frozenLayers; // [L]
    private boolean frozen;

    /** Nothing is frozen. */
    LayerFlags(int numLayers) {
        frozenLayers = new boolean[numLayers];
    }

    /** The flag of the cache. */
    boolean frozen() {
        return frozen;
    }

    /** The flag of a layer. */
    boolean frozen(int layer) {
        return frozenLayers[layer];
    }

    /** Sets the flag of the cache and of all layers. */
    void setFrozen(boolean newFrozen) {
        frozen = newFrozen;
        Arrays.fill(frozenLayers, newFrozen);
    }

    /** Sets the flag of a layer alone. */
    void setFrozen(int layer, boolean newFrozen) {
        frozenLayers[layer] = newFrozen;
    }

    /** Rejects layers whose flag is not the cache's. */
    void requireEqual() {
        for (int layer = 0; layer < frozenLayers.length; layer++) {
            if (frozenLayers[layer] != frozen) {
                throw new IllegalStateException("layers of unequal flags: the cache is " + name(frozen) + ", layer "
                        + layer + " is " + name(!frozen));
            }
        }
    }

    private static String name(boolean frozen) {
        return frozen ? "frozen" : "not frozen";
    }
}
