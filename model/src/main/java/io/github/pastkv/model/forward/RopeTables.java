package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.RopeTable;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The RoPE tables of a model, created on first use: one for each kind of layer and each length that changes its
 * frequencies. They live as long as the arena given. Safe for any number of threads.
 */
public final class RopeTables {
    private final ModelConfig config;
    private final Arena arena;
    private final Map<Key, RopeTable> tables = new HashMap<>();

    private record Key(RopeConfig rotary, int effectiveLength) {}

    public RopeTables(ModelConfig config, Arena arena) {
        this.config = config;
        this.arena = arena;
    }

    /** The tables of each layer for sessions whose rows hold up to {@code maxSeqLen} tokens. */
    public synchronized LayerRope forLength(int maxSeqLen) {
        @Nullable RopeTable[] ofLayer = new @Nullable RopeTable[config.numLayers()];
        for (int layer = 0; layer < ofLayer.length; layer++) {
            RopeConfig rotary = config.layer(layer).rotary();
            ofLayer[layer] = rotary == null ? null : table(rotary, maxSeqLen);
        }
        return new LayerRope(ofLayer);
    }

    /**
     * A text that identifies the frequencies of all layers for {@code maxSeqLen}: equal for sessions that can share.
     */
    public String lengthsThatMatter(int maxSeqLen) {
        StringBuilder lengths = new StringBuilder();
        for (int layer = 0; layer < config.numLayers(); layer++) {
            RopeConfig rotary = config.layer(layer).rotary();
            lengths.append(rotary == null ? "-" : rotary.scaling().effectiveLength(maxSeqLen)).append(' ');
        }
        return lengths.toString();
    }

    private RopeTable table(RopeConfig rotary, int maxSeqLen) {
        Key key = new Key(rotary, rotary.scaling().effectiveLength(maxSeqLen));
        return tables.computeIfAbsent(key, _ -> new RopeTable(rotary.inverseFrequencies(maxSeqLen),
                rotary.scaling().attentionFactor(maxSeqLen), rotary.isInterleaved(),
                Math.max(config.maxSeqLen(), key.effectiveLength), arena));
    }
}
