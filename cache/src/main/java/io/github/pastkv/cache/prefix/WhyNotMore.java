package io.github.pastkv.cache.prefix;

/** Why a prefix hit is not longer. */
public sealed interface WhyNotMore {
    /** It could not be: all tokens but the last, which is always computed, are there. */
    record Whole() implements WhyNotMore {}

    /** Nothing that goes on like this was ever seen, as far as is remembered. */
    record NeverSeen() implements WhyNotMore {}

    /** What follows was there and was evicted. */
    record Evicted(long millisAgo) implements WhyNotMore {}

    /** What follows is there, but its time to live has passed. */
    record Expired() implements WhyNotMore {}

    /** What follows in the nearest cached text is another token. */
    record DifferentToken(int position, int askedTokenId, int cachedTokenId) implements WhyNotMore {}

    /** Another namespace has more of these tokens; it is named by its label. */
    record OtherNamespace(String label, int numTokens) implements WhyNotMore {}

    /** The tokens are there, but a layer group with a window has let go of what it needs. */
    record OutsideWindow(int numTokens) implements WhyNotMore {}
}
