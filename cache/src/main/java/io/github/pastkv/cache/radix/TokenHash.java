package io.github.pastkv.cache.radix;

/**
 * A hash of a token prefix. It identifies evicted prefixes, for explanations and adaptive policies. It never decides a
 * hit, as lookups compare token ids.
 */
final class TokenHash {
    private TokenHash() {}

    /** The hash of the prefix extended by one token. */
    static long next(long hash, int tokenId) {
        return mix(hash ^ (tokenId + 0x9E3779B97F4A7C15L));
    }

    /** A bijection that mixes bits (the finalizer of SplitMix64). */
    static long mix(long bits) {
        long z = (bits ^ (bits >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
