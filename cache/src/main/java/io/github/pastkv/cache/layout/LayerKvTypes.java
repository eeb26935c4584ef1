package io.github.pastkv.cache.layout;

import java.util.Map;
import java.util.TreeMap;

/**
 * What the layers of a model store their keys and values as: all alike but for some.
 *
 * @param rest types of the layers that are not named
 * @param named types of single layers, by their numbers
 */
public record LayerKvTypes(KvTypes rest, Map<Integer, KvTypes> named) {
    public LayerKvTypes {
        named.keySet().forEach(LayerKvTypes::requireLayer);
        named = Map.copyOf(named);
    }

    private static void requireLayer(int layer) {
        if (layer < 0) {
            throw new IllegalArgumentException("layer: " + layer + ", must not be negative");
        }
    }

    /** All layers alike. */
    public static LayerKvTypes of(KvTypes types) {
        return new LayerKvTypes(types, Map.of());
    }

    /** The same but for one layer. */
    public LayerKvTypes withLayer(int layer, KvTypes types) {
        Map<Integer, KvTypes> more = new TreeMap<>(named);
        more.put(layer, types);
        return new LayerKvTypes(rest, more);
    }

    /** What a layer stores. */
    public KvTypes types(int layer) {
        return named.getOrDefault(layer, rest);
    }

    /** As options and results spell it: {@code q8}, {@code q8:f16}, or {@code q8,0=f32} where layer 0 differs. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(rest.toString());
        new TreeMap<>(named).forEach((layer, types) -> text.append(',').append(layer).append('=').append(types));
        return text.toString();
    }
}
