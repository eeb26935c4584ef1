package io.github.pastkv.model.config;

/**
 * Multi-head latent attention (MLA; DeepSeek-V2, 2024): the keys and values of all heads are linear functions of one
 * latent for each token. The key of a head is its part of that function, followed by a rotary key that all heads share.
 * The cache holds latent and rotary key only, and attention runs over these
 * (docs/decisions/0011-latent-attention.md).
 *
 * @param queryRank width of the latent that queries are made from; 0 where they are made from the stream
 * @param latentDim width of the latent of keys and values, R
 * @param rotaryDim width of the rotary key, and of the part of a query that is rotated
 * @param valueDim width of a head's value
 * @param queryScale factor of queries
 * @param latentScale factor of the latent where keys and values are made from it; the cache holds it without
 * @param splitsPairs whether the rotated pairs are written as two halves, first all first numbers
 */
public record LatentConfig(int queryRank, int latentDim, int rotaryDim, int valueDim, float queryScale,
        float latentScale, boolean splitsPairs) {
    /** Added to the mean square in the norms of latents, whatever the other norms of the model add. */
    public static final float NORM_EPSILON = 1e-6f;

    public LatentConfig scaled(float newQueryScale, float newLatentScale) {
        return new LatentConfig(queryRank, latentDim, rotaryDim, valueDim, newQueryScale, newLatentScale, splitsPairs);
    }

    /** Elements of a stored key. */
    public int cachedDim() {
        return latentDim + rotaryDim;
    }
}
