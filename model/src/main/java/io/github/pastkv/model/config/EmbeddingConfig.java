package io.github.pastkv.model.config;

/**
 * Configuration of the embedding.
 *
 * @param width width of an embedding row; if it is not E, a projection follows
 * @param scale factor of every embedding
 * @param learnedPositions whether a row for the position is added: a learned one, in XGLM a sinusoidal one
 * @param firstPositionRow the row of position 0 among those (OPT keeps two rows before it)
 */
public record EmbeddingConfig(int width, float scale, boolean learnedPositions, int firstPositionRow) {
    /** Embeddings as they are. */
    public static EmbeddingConfig plain(int hiddenSize) {
        return new EmbeddingConfig(hiddenSize, 1f, false, 0);
    }

    public EmbeddingConfig withScale(float newScale) {
        return new EmbeddingConfig(width, newScale, learnedPositions, firstPositionRow);
    }

    /** Embeddings with learned positions. */
    public static EmbeddingConfig withPositions(int hiddenSize) {
        return new EmbeddingConfig(hiddenSize, 1f, true, 0);
    }
}
