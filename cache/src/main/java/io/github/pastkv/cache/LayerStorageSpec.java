package io.github.pastkv.cache;

/**
 * How one layer stores. Layers of equal spec form a layer group.
 *
 * @param dataType type that keys and values are rounded to when written
 * @param window which tokens are ever seen again; the others are let go of
 */
public record LayerStorageSpec(DataType dataType, KvWindow window) {
    public LayerStorageSpec withDataType(DataType newDataType) {
        return new LayerStorageSpec(newDataType, window);
    }

    public LayerStorageSpec withWindow(KvWindow newWindow) {
        return new LayerStorageSpec(dataType, newWindow);
    }
}
