package io.github.pastkv.cache;

import io.github.pastkv.cache.block.LayerGroup;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.layout.TiledKvLayout;
import io.github.pastkv.cache.radix.StoreBinding;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** How a pool stores blocks, for the store below its index. */
final class PoolStorage {
    private PoolStorage() {}

    /**
     * The store below the index; null if there is none. Its keys cover everything that determines the bytes of a
     * block, besides the namespace.
     */
    static @Nullable StoreBinding binding(KvCacheConfig config, KvPoolOptions options, LayerGroup[] groups) {
        if (options.store() == null) {
            return null;
        }
        String storage = "layout " + TiledKvLayout.VERSION + ", blocks of " + config.blockSize() + ", " + config.shape()
                + ", " + config.layers();
        int chunkBlocks = Math.max(1, options.storeChunkTokens() / config.blockSize());
        return new StoreBinding(options.store(), storage, fields(config, groups), options.maxStoreQueueBytes(),
                chunkBlocks, options.storeWrites());
    }

    /** The storage in words that a reader of a stored chunk needs (docs/format.md). */
    static Map<String, String> fields(KvCacheConfig config, LayerGroup[] groups) {
        Map<String, String> fields = new TreeMap<>(Map.of("layout_version", Integer.toString(TiledKvLayout.VERSION),
                "block_size", Integer.toString(config.blockSize()),
                "num_layers", Integer.toString(config.shape().numLayers()),
                "num_kv_heads", Integer.toString(config.shape().numKvHeads()),
                "head_dim", Integer.toString(config.shape().headDim()),
                "groups", Arrays.stream(groups).map(group -> json(config, group))
                        .collect(Collectors.joining(",", "[", "]"))));
        if (config.shape().isLatent()) {
            fields.put("latent_dim", Integer.toString(config.shape().latentDim()));
        }
        return Map.copyOf(fields);
    }

    /** A layer group as a JSON object. */
    private static String json(KvCacheConfig config, LayerGroup group) {
        String layers = IntStream.range(0, group.numLayers()).mapToObj(number -> Integer.toString(group.layer(number)))
                .collect(Collectors.joining(","));
        KvWindow window = group.window();
        return "{\"layers\":[" + layers + "],\"keys\":\"" + config.layers().get(group.layer(0)).types().keys()
                + "\",\"values\":\"" + config.layers().get(group.layer(0)).types().values()
                + "\",\"window\":" + window.numTokens() + ",\"sinks\":" + window.numSinks() + ",\"block_bytes\":"
                + group.layout().blockBytes() + "}";
    }
}
