package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.RotaryTable;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The rotary table of each layer, for sessions of one length; layers of one kind share a table. Made by
 * {@link RotaryTables}. Safe for any number of threads.
 */
public final class LayerRotary {
    private final @Nullable RotaryTable[] ofLayer;
    private final RotaryTable[] tables;

    LayerRotary(@Nullable RotaryTable[] ofLayer) {
        this.ofLayer = ofLayer;
        this.tables = Arrays.stream(ofLayer).filter(table -> table != null).distinct().toArray(RotaryTable[]::new);
    }

    /** The table of a layer, or null where nothing is turned. */
    public @Nullable RotaryTable of(int layer) {
        return ofLayer[layer];
    }

    /** Makes the rows of positions {@code [0, numPositions)} in all tables. */
    void prepare(int numPositions) {
        for (RotaryTable table : tables) {
            table.prepare(numPositions);
        }
    }
}
