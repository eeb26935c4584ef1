package io.github.pastkv.model.config;

/**
 * A way to set the frequencies of rotary positions. The formulas are those of Hugging Face's modeling_rope_utils, here
 * in double precision throughout and in {@link StrictMath}, so that they are the same on every machine.
 */
public sealed interface RotaryScaling permits PlainRotary, LinearRotary, Llama3Rotary {
    /** Angle per position of each pair of dimensions, {@code [rotaryDim / 2]}, in radians. */
    double[] inverseFrequencies(int rotaryDim, double theta);

    /** The factor of all cosines and sines. */
    default double attentionFactor() {
        return 1;
    }
}
