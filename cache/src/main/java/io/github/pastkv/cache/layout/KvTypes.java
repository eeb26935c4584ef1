package io.github.pastkv.cache.layout;

/**
 * How the keys and the values of a layer are stored.
 *
 * @param keys type of the keys
 * @param values type of the values
 */
public record KvTypes(KvType keys, KvType values) {
    /** Keys and values alike. */
    public static KvTypes of(KvType type) {
        return new KvTypes(type, type);
    }

    /** Bytes that one token takes in all layers of {@code shape}. */
    public long bytesPerToken(KvShape shape) {
        return (keys.bytesPerHead(shape.headDim()) + values.bytesPerHead(shape.headDim())) * shape.numKvHeads()
                * shape.numLayers();
    }

    /** As options and results spell it: {@code bf16}, or {@code q8:f16} where values have another type than keys. */
    @Override
    public String toString() {
        return keys == values ? keys.toString() : keys + ":" + values;
    }
}
