package io.github.pastkv.cache;

import io.github.pastkv.cache.check.Require;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.layout.LayerKvTypes;
import io.github.pastkv.cache.layout.LayerStorageSpec;
import io.github.pastkv.cache.layout.TiledKvLayout;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * Configuration of a cache.
 *
 * @param shape layers, kv heads, head dimension
 * @param layers storage of each layer, {@code [L]}
 * @param batchSize rows
 * @param blockSize tokens per block: 1 to 16, or a multiple of 16
 * @param limits limits of its size
 */
public record KvCacheConfig(KvShape shape, List<LayerStorageSpec> layers, int batchSize, int blockSize,
        Limits limits) {
    /** Default number of tokens per block. */
    public static final int DEFAULT_BLOCK_SIZE = 16;
    /** Default limit of a pool: 8 GiB. */
    public static final long DEFAULT_MAX_POOL_BYTES = 8L << 30;
    /** Default rewind distance of windowed layers: 64 tokens. */
    public static final int DEFAULT_MAX_REWIND_TOKENS = 64;

    public KvCacheConfig {
        Objects.requireNonNull(shape, "shape: null");
        Objects.requireNonNull(layers, "layers: null");
        if (layers.size() != shape.numLayers()) {
            throw new IllegalArgumentException(
                    "layers: " + layers.size() + " specs, the shape has " + shape.numLayers() + " layers");
        }
        Require.positive("batchSize", batchSize);
        TiledKvLayout.requireBlockSize(blockSize);
        layers.forEach(layer -> TiledKvLayout.requireTypes(shape, layer.types()));
        layers = List.copyOf(layers);
    }

    /** F32, blocks of 16, no windows, rows without limit in a pool of at most 8 GiB. */
    public static KvCacheConfig of(KvShape shape, int batchSize) {
        Objects.requireNonNull(shape, "shape: null");
        LayerStorageSpec layer = new LayerStorageSpec(KvTypes.of(KvType.F32), KvWindow.NONE);
        return new KvCacheConfig(shape, Collections.nCopies(shape.numLayers(), layer), batchSize, DEFAULT_BLOCK_SIZE,
                new Limits(Integer.MAX_VALUE, DEFAULT_MAX_POOL_BYTES, DEFAULT_MAX_REWIND_TOKENS));
    }

    /** Storage types of the keys and values of a layer. */
    public KvTypes kvTypes(int layer) {
        return layers.get(layer).types();
    }

    /** Bytes that one token takes in all layers that keep it. */
    public long bytesPerToken() {
        KvShape layer = shape.withNumLayers(1);
        return layers.stream().mapToLong(spec -> spec.types().bytesPerToken(layer)).sum();
    }

    /** The attention window of a layer; tokens that have left it are evicted. */
    public KvWindow window(int layer) {
        return layers.get(layer).window();
    }

    /** Longest row. */
    public int maxTokens() {
        return limits.maxTokens();
    }

    /** Most bytes of held blocks. */
    public long maxPoolBytes() {
        return limits.maxPoolBytes();
    }

    /** Number of tokens by which windowed layers can always be rewound. */
    public int maxRewindTokens() {
        return limits.maxRewindTokens();
    }

    /** One type for the keys and values of all layers. */
    public KvCacheConfig withKvType(KvType newType) {
        return withKvTypes(KvTypes.of(newType));
    }

    /** One type for all keys, and one for all values. */
    public KvCacheConfig withKvTypes(KvTypes newTypes) {
        return withKvTypes(LayerKvTypes.of(newTypes));
    }

    /**
     * Types for each layer.
     *
     * @throws IllegalArgumentException when a layer is named that the shape does not have
     */
    public KvCacheConfig withKvTypes(LayerKvTypes newTypes) {
        newTypes.named().keySet().stream().filter(layer -> layer >= layers.size()).findFirst().ifPresent(layer -> {
            throw new IllegalArgumentException("layer: " + layer + ", the shape has " + layers.size() + " layers");
        });
        return withLayers(IntStream.range(0, layers.size())
                .mapToObj(layer -> layers.get(layer).withTypes(newTypes.types(layer))).toList());
    }

    /** One window for all layers. */
    public KvCacheConfig withWindow(KvWindow newWindow) {
        return withEachLayer(layer -> layer.withWindow(newWindow));
    }

    /** A window for each layer. */
    public KvCacheConfig withWindows(IntFunction<KvWindow> windowOfLayer) {
        return withLayers(IntStream.range(0, layers.size())
                .mapToObj(layer -> layers.get(layer).withWindow(windowOfLayer.apply(layer))).toList());
    }

    private KvCacheConfig withEachLayer(UnaryOperator<LayerStorageSpec> change) {
        return withLayers(layers.stream().map(change).toList());
    }

    public KvCacheConfig withLayers(List<LayerStorageSpec> newLayers) {
        return new KvCacheConfig(shape, newLayers, batchSize, blockSize, limits);
    }

    public KvCacheConfig withBatchSize(int newBatchSize) {
        return new KvCacheConfig(shape, layers, newBatchSize, blockSize, limits);
    }

    public KvCacheConfig withBlockSize(int newBlockSize) {
        return new KvCacheConfig(shape, layers, batchSize, newBlockSize, limits);
    }

    public KvCacheConfig withMaxTokens(int newMaxTokens) {
        return withLimits(new Limits(newMaxTokens, limits.maxPoolBytes(), limits.maxRewindTokens()));
    }

    public KvCacheConfig withMaxPoolBytes(long newMaxPoolBytes) {
        return withLimits(new Limits(limits.maxTokens(), newMaxPoolBytes, limits.maxRewindTokens()));
    }

    public KvCacheConfig withMaxRewindTokens(int newMaxRewindTokens) {
        return withLimits(new Limits(limits.maxTokens(), limits.maxPoolBytes(), newMaxRewindTokens));
    }

    private KvCacheConfig withLimits(Limits newLimits) {
        return new KvCacheConfig(shape, layers, batchSize, blockSize, newLimits);
    }

    /** Rejects another number of rows. */
    void requireBatch(String name, long rows) {
        if (rows != batchSize) {
            throw new IllegalArgumentException(
                    name + ": " + rows + " rows, the cache is configured for a batch of " + batchSize);
        }
    }

    /**
     * Limits of a cache. They reserve no memory.
     *
     * @param maxTokens longest row
     * @param maxPoolBytes most bytes of held blocks, over all layer groups and caches of the pool
     * @param maxRewindTokens number of tokens by which windowed layers can always be rewound; each layer keeps as many
     *        tokens beyond its window
     */
    public record Limits(int maxTokens, long maxPoolBytes, int maxRewindTokens) {
        public Limits {
            Require.positive("maxTokens", maxTokens);
            Require.positive("maxPoolBytes", maxPoolBytes);
            if (maxRewindTokens < 0) {
                throw new IllegalArgumentException("maxRewindTokens: " + maxRewindTokens + ", must not be negative");
            }
        }
    }
}
