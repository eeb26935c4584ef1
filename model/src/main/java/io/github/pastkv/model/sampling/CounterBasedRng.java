package io.github.pastkv.model.sampling;

/**
 * Counter-based random numbers (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): each is a
 * function of a seed, a sample's index and a position, so that batches, drafts and forks do not change a sample.
 *
 * <p>Each of the three goes through the finalizer of SplitMix64 (Steele, Lea and Flood 2014, constants of variant 13 by
 * Stafford), which is a bijection: two draws that differ in one argument only never collide before the last rounding to
 * 53 bits.
 */
final class CounterBasedRng {
    private static final long GOLDEN_GAMMA = 0x9E37_79B9_7F4A_7C15L;

    private CounterBasedRng() {}

    /** A uniform number in [0, 1), a multiple of 2^-53. */
    static double uniform(long seed, long sampleIndex, long position) {
        long hash = mix(seed + GOLDEN_GAMMA);
        hash = mix((hash ^ sampleIndex) + GOLDEN_GAMMA);
        hash = mix((hash ^ position) + GOLDEN_GAMMA);
        return (hash >>> 11) * 0x1p-53;
    }

    private static long mix(long value) {
        long mixed = (value ^ (value >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D0_49BB_1331_11EBL;
        return mixed ^ (mixed >>> 31);
    }
}
