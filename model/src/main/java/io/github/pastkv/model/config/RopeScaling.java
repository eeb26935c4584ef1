package io.github.pastkv.model.config;

/**
 * A way to set the frequencies of rotary positions. The formulas are those of Hugging Face's modeling_rope_utils, here
 * in double precision throughout and in {@link StrictMath}, so that they are the same on every machine.
 *
 * <p>Where they depend on a length, it is the longest row that the session may hold, never that of the text so far: a
 * key is turned once, when it is written, and must stay right.
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

    /** The factor of all cosines and sines. */
    default double attentionFactor() {
        return 1;
    }

    /**
     * A length that stands for all those with the frequencies of {@code maxSeqLen}: sessions for which it is equal
     * share tables, and keys that one has written are right for another. 0 where frequencies depend on no length.
     */
    default int effectiveLength(int maxSeqLen) {
        return 0;
    }

    /** The longest rows that a session may ask for, where the model's own limit is {@code maxSeqLen}. */
    default int reach(int maxSeqLen) {
        return maxSeqLen;
    }

    /**
     * The longest rows of a session that asks for no length, where the model's own limit is {@code maxSeqLen}: as long
     * as frequencies are those of short texts.
     */
    default int defaultReach(int maxSeqLen) {
        return maxSeqLen;
    }
}
