package io.github.pastkv.kernels;

/**
 * Format of grouped integer weights, which covers the block formats of GGUF.
 *
 * @param bits 8 for integers in {@code [-128, 127]}, 4 for {@code [0, 15]}
 * @param groupSize neighbouring inputs that share a scale, 16 or 32
 * @param hasMinimums whether each group also has a minimum, which is added to its weights
 */
public record GroupFormat(int bits, int groupSize, boolean hasMinimums) {
    public GroupFormat {
        if (bits != 4 && bits != 8) {
            throw new IllegalArgumentException("bits: " + bits + ", must be 4 or 8");
        }
        if (groupSize != 16 && groupSize != 32) {
            throw new IllegalArgumentException("groupSize: " + groupSize + ", must be 16 or 32");
        }
    }

    /** Groups of a row of {@code numInputs} weights; the last may be shorter. */
    public int numGroups(int numInputs) {
        return Math.ceilDiv(numInputs, groupSize);
    }

    /** Throws {@link IllegalArgumentException} unless {@code number} can be stored. */
    public void requireStorable(byte number) {
        if (bits == 4 && (number < 0 || number > 15)) {
            throw new IllegalArgumentException("number: " + number + ", 4 bits hold 0 to 15");
        }
    }
}
