package io.github.pastkv.cache.prefix;

/** Why a prefix hit is not longer. */
public sealed interface PrefixMissReason {
    /** All tokens were reused except the last one, which is always computed. */
    record Whole() implements PrefixMissReason {}

    /** The following tokens have never been cached, as far as is recorded. */
    record NeverSeen() implements PrefixMissReason {}

    /** The following tokens were cached and have been evicted. */
    record Evicted(long millisAgo) implements PrefixMissReason {}

    /** The following tokens are cached, but their time to live has expired. */
    record Expired() implements PrefixMissReason {}

    /** The nearest cached text continues with another token. */
    record DifferentToken(int position, int askedTokenId, int cachedTokenId) implements PrefixMissReason {}

    /** Another namespace, given by its label, has more of these tokens. */
    record OtherNamespace(String label, int numTokens) implements PrefixMissReason {}

    /** The store below the index has the first {@code numTokens} tokens; the next request loads them. */
    record InStore(int numTokens) implements PrefixMissReason {}

    /** The following tokens are being written to the store. */
    record StorePending() implements PrefixMissReason {}

    /** The store is not available now. */
    record StoreUnavailable() implements PrefixMissReason {}

    /** The block returned by the store failed verification and was discarded. */
    record StoreRefused(String fault) implements PrefixMissReason {}

    /** The tokens are cached, but a windowed layer group has evicted blocks that it needs. */
    record OutsideWindow(int numTokens) implements PrefixMissReason {}
}
