package io.github.pastkv.model.config;

import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What may differ from one layer to the next.
 *
 * @param scoreScale factor of every attention score
 * @param window tokens that a query sees, its own included, so that at position p it sees positions greater than
 *        {@code p - window}; 0 for all
 * @param rotary how queries and keys are turned, or null where they are not
 */
public record LayerConfig(float scoreScale, int window, @Nullable RotaryConfig rotary) {
    public LayerConfig withWindow(int newWindow) {
        return new LayerConfig(scoreScale, newWindow, rotary);
    }

    /** {@code numLayers} equal layers that see everything. */
    public static List<LayerConfig> equal(int numLayers, float scoreScale, @Nullable RotaryConfig rotary) {
        return Collections.nCopies(numLayers, new LayerConfig(scoreScale, 0, rotary));
    }
}
