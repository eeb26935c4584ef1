package io.github.pastkv.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the layers of one group are stored: any set of layers of equal {@link LayerStorageSpec}, in ascending order.
 * Immutable, shared by all caches of a pool.
 */
final class GroupStorage {
    private static final int ELSEWHERE = -1;

    private final KvLayout layout;
    private final BlockPool blocks;
    private final KvWindow window;
    private final int[] layers; // number in the group -> layer
    private final int[] numbers; // layer -> number in the group, or ELSEWHERE; [L]

    private GroupStorage(KvCacheConfig config, int[] layers, PoolBudget budget) {
        LayerStorageSpec spec = config.layers().get(layers[0]);
        KvShape shape = new KvShape(layers.length, config.shape().numKvHeads(), config.shape().headDim());
        this.layout = new TiledKvLayout(shape, spec.types(), config.blockSize());
        this.blocks = new BlockPool(layout.blockBytes(), budget);
        this.window = spec.window();
        this.layers = layers;
        this.numbers = new int[config.shape().numLayers()];
        Arrays.fill(numbers, ELSEWHERE);
        for (int number = 0; number < layers.length; number++) {
            numbers[layers[number]] = number;
        }
    }

    /** The groups of a configuration, in the order of their first layers, with one limit in bytes over all. */
    static GroupStorage[] groupsOf(KvCacheConfig config, long maxIdleBytes) {
        Map<LayerStorageSpec, List<Integer>> groups = new LinkedHashMap<>();
        for (int layer = 0; layer < config.layers().size(); layer++) {
            groups.computeIfAbsent(config.layers().get(layer), _ -> new ArrayList<>()).add(layer);
        }
        PoolBudget budget = new PoolBudget(config.maxPoolBytes(), maxIdleBytes);
        return groups.values().stream()
                .map(layers -> new GroupStorage(config, layers.stream().mapToInt(layer -> layer).toArray(), budget))
                .toArray(GroupStorage[]::new);
    }

    KvLayout layout() {
        return layout;
    }

    BlockPool blocks() {
        return blocks;
    }

    KvWindow window() {
        return window;
    }

    int numLayers() {
        return layers.length;
    }

    /** The layer with a number in the group. */
    int layer(int number) {
        return layers[number];
    }

    boolean holds(int layer) {
        return numbers[layer] != ELSEWHERE;
    }

    /** The number that the layout knows a layer by. */
    int layerInGroup(int layer) {
        return numbers[layer];
    }

    /** Leading blocks that windows never let go of. */
    int numSinkBlocks() {
        return layout.numBlocks(window.numSinks());
    }
}
