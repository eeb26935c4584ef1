package io.github.pastkv.cache.block;

import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.layout.LayerStorageSpec;
import io.github.pastkv.cache.layout.TiledKvLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A set of layers with equal {@link LayerStorageSpec}, in ascending order, with their layout and block pool. Immutable,
 * shared by all caches of a pool.
 */
public final class LayerGroup {
    private static final int ELSEWHERE = -1;

    private final KvLayout layout;
    private final BlockPool blocks;
    private final KvWindow window;
    private final int[] layers; // index in the group -> layer
    private final int[] numbers; // layer -> index in the group, or ELSEWHERE; [L]

    private LayerGroup(TiledKvLayout layout, KvWindow window, int[] layers, int numLayers, PoolBudget budget) {
        this.layout = layout;
        this.blocks = new BlockPool(layout.blockBytes(), budget);
        this.window = window;
        this.layers = layers;
        this.numbers = new int[numLayers];
        Arrays.fill(numbers, ELSEWHERE);
        for (int number = 0; number < layers.length; number++) {
            numbers[layers[number]] = number;
        }
    }

    /**
     * The layer groups of a model, in the order of their first layers.
     *
     * @param specs storage of each layer, {@code [L]}
     * @param budget the limit in bytes over all groups
     */
    public static LayerGroup[] groupsOf(KvShape shape, List<LayerStorageSpec> specs, int blockSize,
            PoolBudget budget) {
        Map<LayerStorageSpec, List<Integer>> groups = new LinkedHashMap<>();
        for (int layer = 0; layer < specs.size(); layer++) {
            groups.computeIfAbsent(specs.get(layer), _ -> new ArrayList<>()).add(layer);
        }
        return groups.entrySet().stream().map(group -> {
            int[] layers = group.getValue().stream().mapToInt(layer -> layer).toArray();
            KvShape groupShape = shape.withNumLayers(layers.length);
            TiledKvLayout layout = new TiledKvLayout(groupShape, group.getKey().types(), blockSize);
            return new LayerGroup(layout, group.getKey().window(), layers, specs.size(), budget);
        }).toArray(LayerGroup[]::new);
    }

    public KvLayout layout() {
        return layout;
    }

    public BlockPool blocks() {
        return blocks;
    }

    public KvWindow window() {
        return window;
    }

    public int numLayers() {
        return layers.length;
    }

    /** The layer at an index in the group. */
    public int layer(int number) {
        return layers[number];
    }

    boolean holds(int layer) {
        return numbers[layer] != ELSEWHERE;
    }

    /** The index of a layer within the layout. */
    public int layerInGroup(int layer) {
        return numbers[layer];
    }

    /** Bytes of the blocks that caches and snapshots hold. */
    public long heldBytes() {
        return blocks.numHeld() * layout.blockBytes();
    }

    /** Bytes of the held blocks that have several holders; counted once. */
    public long sharedBytes() {
        return blocks.numShared() * layout.blockBytes();
    }

    /** Number of leading blocks that windows never release. */
    public int numSinkBlocks() {
        return layout.numBlocks(window.numSinks());
    }
}
