package io.github.pastkv.cache.radix;

/**
 * A hash of tokens from the first on. It recognises what was evicted, for explanations and learning; a hit is never
 * decided by it, as token ids are compared.
 */
final class TokenHash {
    private TokenHash() {}

    /** The hash with one more token. */
    static long next(long hash, int tokenId) {
        return mix(hash ^ (tokenId + 0x9E3779B97F4A7C15L));
    }

    /** A bijection that spreads bits (the last step of SplitMix64). */
    static long mix(long bits) {
        long z = (bits ^ (bits >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
