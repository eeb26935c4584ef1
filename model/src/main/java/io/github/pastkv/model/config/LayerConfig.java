package io.github.pastkv.model.config;

import io.github.pastkv.cache.layout.KvWindow;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Configuration that may differ between layers.
 *
 * @param scoreScale factor of every attention score
 * @param window number of tokens that a query attends to, including its own: a query at position p attends to positions
 *        greater than {@code p - window}; 0 for all
 * @param chunked whether positions are instead cut into chunks of {@code window} tokens, and a query attends to its own
 *        chunk only
 * @param forgets whether the cache evicts tokens that no later query of the layer attends to
 * @param rotary RoPE of queries and keys, or null for none
 * @param blockScale scale of the outputs of attention and feed-forward block
 * @param queryTemperature factor of queries by position, or null
 * @param experts experts in place of the feed-forward block of {@link FfnConfig}, or as a shortcut beside it; or null
 */
public record LayerConfig(float scoreScale, int window, boolean chunked, boolean forgets,
        @Nullable RopeConfig rotary, float blockScale, @Nullable QueryTemperature queryTemperature,
        @Nullable ExpertsConfig experts) {
    /** A layer whose blocks add what they give. */
    public LayerConfig(float scoreScale, int window, boolean forgets, @Nullable RopeConfig rotary) {
        this(scoreScale, window, false, forgets, rotary, 1f, null, null);
    }

    /** A layer without a window. */
    public static LayerConfig full(float scoreScale, @Nullable RopeConfig rotary) {
        return new LayerConfig(scoreScale, 0, false, rotary);
    }

    /** The same layer with a window beyond which the cache evicts tokens; 0 for none. */
    public LayerConfig withWindow(int newWindow) {
        return new LayerConfig(scoreScale, newWindow, false, newWindow > 0, rotary, blockScale,
                queryTemperature, experts);
    }

    /** The same layer with another scale of its blocks. */
    public LayerConfig withBlockScale(float newBlockScale) {
        return new LayerConfig(scoreScale, window, chunked, forgets, rotary, newBlockScale, queryTemperature,
                experts);
    }

    /** The same layer with experts in place of the feed-forward block. */
    public LayerConfig withExperts(@Nullable ExpertsConfig newExperts) {
        return new LayerConfig(scoreScale, window, chunked, forgets, rotary, blockScale, queryTemperature,
                newExperts);
    }

    /** The same layer with chunks, before the last of which the cache evicts tokens; 0 for none. */
    public LayerConfig withChunks(int numChunkTokens) {
        return new LayerConfig(scoreScale, numChunkTokens, numChunkTokens > 0, numChunkTokens > 0, rotary, blockScale,
                queryTemperature, experts);
    }

    /** The same layer with a factor of queries by position. */
    public LayerConfig withQueryTemperature(@Nullable QueryTemperature newQueryTemperature) {
        return new LayerConfig(scoreScale, window, chunked, forgets, rotary, blockScale, newQueryTemperature, experts);
    }

    /** What a query attends to. */
    public KvWindow attended() {
        return chunked ? KvWindow.chunks(window) : KvWindow.of(window);
    }

    /** {@code numLayers} equal layers without a window. */
    public static List<LayerConfig> equal(int numLayers, float scoreScale, @Nullable RopeConfig rotary) {
        return Collections.nCopies(numLayers, full(scoreScale, rotary));
    }
}
