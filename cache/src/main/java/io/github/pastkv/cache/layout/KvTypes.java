package io.github.pastkv.cache.layout;

import java.util.Objects;

/**
 * Storage types of the keys and the values of a layer.
 *
 * @param keys type of the keys
 * @param values type of the values
 */
public record KvTypes(KvType keys, KvType values) {
    public KvTypes {
        Objects.requireNonNull(keys, "keys: null");
        Objects.requireNonNull(values, "values: null");
    }

    /** The same type for keys and values. */
    public static KvTypes of(KvType type) {
        return new KvTypes(type, type);
    }

    /** Bytes that one token takes in all layers of {@code shape}. */
    public long bytesPerToken(KvShape shape) {
        long valueBytes = shape.isLatent() ? 0 : values.bytesPerHead(shape.headDim());
        return (keys.bytesPerHead(shape.headDim()) + valueBytes) * shape.numKvHeads() * shape.numLayers();
    }

    /** The name in options and results: {@code bf16}, or {@code q8:f16} if keys and values have different types. */
    @Override
    public String toString() {
        return keys == values ? keys.toString() : keys + ":" + values;
    }
}
