package io.github.pastkv.cache.layout;

/**
 * How one layer stores. Layers of equal spec form a layer group.
 *
 * @param types what keys and values are rounded to when written
 * @param window which tokens are ever seen again; the others are let go of
 */
public record LayerStorageSpec(KvTypes types, KvWindow window) {
    public LayerStorageSpec withTypes(KvTypes newTypes) {
        return new LayerStorageSpec(newTypes, window);
    }

    public LayerStorageSpec withWindow(KvWindow newWindow) {
        return new LayerStorageSpec(types, newWindow);
    }
}
