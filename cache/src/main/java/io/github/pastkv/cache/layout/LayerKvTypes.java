package io.github.pastkv.cache.layout;

import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * Storage types of all layers of a model: one default, and exceptions for single layers.
 *
 * @param rest types of all other layers
 * @param named types of single layers, by layer index
 */
public record LayerKvTypes(KvTypes rest, Map<Integer, KvTypes> named) {
    public LayerKvTypes {
        Objects.requireNonNull(rest, "rest: null");
        Objects.requireNonNull(named, "named: null");
        named.keySet().forEach(LayerKvTypes::requireLayer);
        named = Map.copyOf(named);
    }

    private static void requireLayer(int layer) {
        if (layer < 0) {
            throw new IllegalArgumentException("layer: " + layer + ", must not be negative");
        }
    }

    /** The same types for all layers. */
    public static LayerKvTypes of(KvTypes types) {
        return new LayerKvTypes(types, Map.of());
    }

    /** The same with other types for one layer. */
    public LayerKvTypes withLayer(int layer, KvTypes types) {
        Map<Integer, KvTypes> more = new TreeMap<>(named);
        more.put(layer, types);
        return new LayerKvTypes(rest, more);
    }

    /** Types of a layer. */
    public KvTypes types(int layer) {
        return named.getOrDefault(layer, rest);
    }

    /** The name in options and results: {@code q8}, {@code q8:f16}, or {@code q8,0=f32} if layer 0 differs. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(rest.toString());
        new TreeMap<>(named).forEach((layer, types) -> text.append(',').append(layer).append('=').append(types));
        return text.toString();
    }
}
