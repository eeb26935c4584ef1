package io.github.pastkv.model.config;

/**
 * A scaling method of RoPE frequencies. The formulas are those of Hugging Face's modeling_rope_utils, in double
 * precision and with {@link StrictMath}, so that they give the same result on every machine.
 *
 * <p>If they depend on a length, it is the maximum length of the session, never that of the text so far: a key is
 * rotated once, when it is written, and must stay valid.
 */
public sealed interface RopeScaling permits
        DefaultRope,
        AlphaNtkRope,
        LinearRope,
        DynamicNtkRope,
        Llama3Rope,
        YarnRope,
        LongRope {
    /**
     * Angle per position of each pair of dimensions, {@code [rotaryDim / 2]}, in radians.
     *
     * @param maxSeqLen longest row of the session, in tokens
     */
    double[] inverseFrequencies(int rotaryDim, double theta, int maxSeqLen);

    /**
     * The factor of all cosines and sines.
     *
     * @param maxSeqLen longest row of the session, in tokens
     */
    default double attentionFactor(int maxSeqLen) {
        return 1;
    }

    /**
     * A representative of all lengths with the same frequencies as {@code maxSeqLen}: sessions with equal values can
     * share tables and keys. 0 if frequencies do not depend on the length.
     */
    default int effectiveLength(int maxSeqLen) {
        return 0;
    }

    /** The maximum length of a session, given the model's own limit {@code maxSeqLen}. */
    default int reach(int maxSeqLen) {
        return maxSeqLen;
    }

    /**
     * The default length of a session, given the model's own limit {@code maxSeqLen}: the maximum with the frequencies
     * of short texts.
     */
    default int defaultReach(int maxSeqLen) {
        return maxSeqLen;
    }
}
