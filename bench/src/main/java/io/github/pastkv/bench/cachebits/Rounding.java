package io.github.pastkv.bench.cachebits;

import io.github.pastkv.tensor.DataType;

/**
 * Rounds heads as a quantized cache would: integers of some bits, with a BF16 scale for each group of neighboring
 * elements of a head. Immutable.
 *
 * @param bits of an integer
 * @param groupSize elements that share a scale; the last group of a head may be smaller
 * @param levels which integers there are
 * @param rotates whether a head is rotated by a Hadamard matrix first (QuaRot, Ashkboos et al., 2024), and back
 */
record Rounding(int bits, int groupSize, Levels levels, boolean rotates) {
    private static final int NUM_TRIED_SCALES = 20;
    private static final double LEAST_TRIED_SCALE = 0.6;

    /** How the integers of a group lie around zero. */
    enum Levels {
        /** As many below zero as above, the largest magnitude being the largest integer. */
        SYMMETRIC,
        /** The same with the scale of least squared error, which may clip. */
        FITTED,
        /** From the least number of the group to the largest; the least is stored too. */
        FROM_MINIMUM
    }

    /** Bits of an element, with its share of scale and minimum. */
    double bitsPerElement(int headDim) {
        int numScales = levels == Levels.FROM_MINIMUM ? 2 : 1;
        return bits + 8.0 * DataType.BF16.bytes() * numScales / Math.min(groupSize, headDim);
    }

    /** Rounds one head in place. */
    void apply(float[] head) {
        if (rotates) {
            rotate(head);
        }
        for (int from = 0; from < head.length; from += groupSize) {
            round(head, from, Math.min(from + groupSize, head.length));
        }
        if (rotates) {
            rotate(head);
        }
    }

    /** Multiplies by the orthogonal Hadamard matrix, which is its own inverse. */
    private static void rotate(float[] head) {
        if (Integer.bitCount(head.length) != 1) {
            throw new IllegalArgumentException("head: " + head.length + " elements, must be a power of two to rotate");
        }
        for (int half = 1; half < head.length; half *= 2) {
            for (int i = 0; i < head.length; i++) {
                if ((i & half) == 0) {
                    float first = head[i];
                    float second = head[i + half];
                    head[i] = first + second;
                    head[i + half] = first - second;
                }
            }
        }
        float factor = (float) (1 / Math.sqrt(head.length));
        for (int i = 0; i < head.length; i++) {
            head[i] *= factor;
        }
    }

    private void round(float[] head, int from, int to) {
        float least = head[from];
        float largest = head[from];
        for (int i = from; i < to; i++) {
            least = Math.min(least, head[i]);
            largest = Math.max(largest, head[i]);
        }
        float magnitude = Math.max(-least, largest);
        int most = (1 << (bits - 1)) - 1;
        switch (levels) {
            case SYMMETRIC -> round(head, from, to, 0, magnitude / most, -most, most);
            case FITTED -> round(head, from, to, 0, fittedScale(head, from, to, magnitude / most, most), -most, most);
            case FROM_MINIMUM -> round(head, from, to, least, (largest - least) / ((1 << bits) - 1), 0,
                    (1 << bits) - 1);
        }
    }

    private static float fittedScale(float[] head, int from, int to, float largestScale, int most) {
        float best = largestScale;
        double bestError = Double.POSITIVE_INFINITY;
        for (int i = 0; i <= NUM_TRIED_SCALES; i++) {
            float scale = (float) (largestScale * (LEAST_TRIED_SCALE + (1 - LEAST_TRIED_SCALE) * i / NUM_TRIED_SCALES));
            double error = 0;
            for (int j = from; j < to; j++) {
                double difference = head[j] - rounded(head[j], 0, DataType.BF16.round(scale), -most, most);
                error += difference * difference;
            }
            if (error < bestError) {
                bestError = error;
                best = scale;
            }
        }
        return best;
    }

    private static void round(float[] head, int from, int to, float minimum, float scale, int lowest, int highest) {
        float storedMinimum = DataType.BF16.round(minimum);
        float storedScale = DataType.BF16.round(scale);
        for (int i = from; i < to; i++) {
            head[i] = rounded(head[i], storedMinimum, storedScale, lowest, highest);
        }
    }

    private static float rounded(float number, float minimum, float scale, int lowest, int highest) {
        double integer = scale > 0 ? Math.clamp(Math.rint((number - minimum) / scale), lowest, highest) : 0;
        return (float) integer * scale + minimum;
    }

    @Override
    public String toString() {
        return bits + " bits, groups of " + groupSize + switch (levels) {
            case SYMMETRIC -> "";
            case FITTED -> ", fitted";
            case FROM_MINIMUM -> " with minimum";
        } + (rotates ? ", rotated" : "");
    }
}
