package io.github.pastkv.model.config;

/**
 * A factor of queries that grows with their position, so that attention over long texts stays sharp (Llama 4): {@code
 * 1 + scale * ln(1 + floor((position + 1) / floorScale))}.
 *
 * @param floorScale positions after which the factor grows
 * @param scale how much it grows
 */
public record QueryTemperature(double floorScale, double scale) {
    /** The factor of a query. */
    public float factor(int position) {
        return (float) (1 + scale * StrictMath.log(1 + Math.floor((position + 1) / floorScale)));
    }
}
