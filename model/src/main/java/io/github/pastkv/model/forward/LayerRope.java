package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.RopeTable;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The RoPE table of each layer, for sessions of one length; layers of the same kind share a table. Created by
 * {@link RopeTables}. Safe for any number of threads.
 */
public final class LayerRope {
    private final @Nullable RopeTable[] ofLayer;
    private final RopeTable[] tables;

    LayerRope(@Nullable RopeTable[] ofLayer) {
        this.ofLayer = ofLayer;
        this.tables = Arrays.stream(ofLayer).filter(table -> table != null).distinct().toArray(RopeTable[]::new);
    }

    /** The table of a layer, or null for layers without RoPE. */
    public @Nullable RopeTable of(int layer) {
        return ofLayer[layer];
    }

    /** Makes the rows of positions {@code [0, numPositions)} in all tables. */
    void prepare(int numPositions) {
        for (RopeTable table : tables) {
            table.prepare(numPositions);
        }
    }
}
