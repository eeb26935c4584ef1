package io.github.pastkv.cache.prefix;

/** Why a prefix hit is not longer. */
public sealed interface PrefixMissReason {
    /** It could not be: all tokens but the last, which is always computed, are there. */
    record Whole() implements PrefixMissReason {}

    /** Nothing that goes on like this was ever seen, as far as is remembered. */
    record NeverSeen() implements PrefixMissReason {}

    /** What follows was there and was evicted. */
    record Evicted(long millisAgo) implements PrefixMissReason {}

    /** What follows is there, but its time to live has passed. */
    record Expired() implements PrefixMissReason {}

    /** What follows in the nearest cached text is another token. */
    record DifferentToken(int position, int askedTokenId, int cachedTokenId) implements PrefixMissReason {}

    /** Another namespace has more of these tokens; it is named by its label. */
    record OtherNamespace(String label, int numTokens) implements PrefixMissReason {}

    /** The store beneath the index has the first {@code numTokens} tokens; the next request loads them. */
    record InStore(int numTokens) implements PrefixMissReason {}

    /** What follows is being written to the store beneath the index. */
    record StorePending() implements PrefixMissReason {}

    /** The store beneath the index cannot be asked now. */
    record StoreUnavailable() implements PrefixMissReason {}

    /** What the store returned did not pass verification, and was discarded. */
    record StoreRefused(String fault) implements PrefixMissReason {}

    /** The tokens are there, but a layer group with a window has let go of what it needs. */
    record OutsideWindow(int numTokens) implements PrefixMissReason {}
}
