package io.github.pastkv.cache.layout;

import java.util.Objects;

/**
 * Storage of one layer. Layers with equal specs form a layer group.
 *
 * @param types storage types of keys and values
 * @param window attention window; tokens that have left it are evicted
 */
public record LayerStorageSpec(KvTypes types, KvWindow window) {
    public LayerStorageSpec {
        Objects.requireNonNull(types, "types: null");
        Objects.requireNonNull(window, "window: null");
    }

    public LayerStorageSpec withTypes(KvTypes newTypes) {
        return new LayerStorageSpec(newTypes, window);
    }

    public LayerStorageSpec withWindow(KvWindow newWindow) {
        return new LayerStorageSpec(types, newWindow);
    }
}
