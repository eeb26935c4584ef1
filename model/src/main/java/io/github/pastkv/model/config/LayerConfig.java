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
 * @param forgets whether a cache evicts tokens that no later query of the layer sees
 * @param rotary how queries and keys are turned, or null where they are not
 * @param blockScale factor of what attention and feed-forward block add to the residual stream
 */
public record LayerConfig(float scoreScale, int window, boolean forgets, @Nullable RopeConfig rotary,
        float blockScale) {
    /** A layer whose blocks add what they give. */
    public LayerConfig(float scoreScale, int window, boolean forgets, @Nullable RopeConfig rotary) {
        this(scoreScale, window, forgets, rotary, 1f);
    }

    /** A layer that sees everything. */
    public static LayerConfig full(float scoreScale, @Nullable RopeConfig rotary) {
        return new LayerConfig(scoreScale, 0, false, rotary);
    }

    /** The same layer within a window beyond which a cache forgets; 0 for none. */
    public LayerConfig withWindow(int newWindow) {
        return new LayerConfig(scoreScale, newWindow, newWindow > 0, rotary, blockScale);
    }

    /** The same layer with another factor of what its blocks add. */
    public LayerConfig withBlockScale(float newBlockScale) {
        return new LayerConfig(scoreScale, window, forgets, rotary, newBlockScale);
    }

    /** {@code numLayers} equal layers that see everything. */
    public static List<LayerConfig> equal(int numLayers, float scoreScale, @Nullable RopeConfig rotary) {
        return Collections.nCopies(numLayers, full(scoreScale, rotary));
    }
}
