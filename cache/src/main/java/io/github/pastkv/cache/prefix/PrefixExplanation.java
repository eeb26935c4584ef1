package io.github.pastkv.cache.prefix;

/**
 * What a request for these tokens would reuse, from where, and why not more. For whoever runs the cache: it tells of
 * all namespaces.
 *
 * @param numTokens tokens asked about
 * @param numReused leading tokens that would not be computed
 * @param numFromRunning how many of those lie in blocks that a sequence holds now; the others are of finished ones
 * @param missReason what ends the hit
 */
public record PrefixExplanation(int numTokens, int numReused, int numFromRunning, PrefixMissReason missReason) {
    /** One line for people. */
    @Override
    public String toString() {
        String why = switch (missReason) {
            case PrefixMissReason.Whole _ -> "the last token is always computed";
            case PrefixMissReason.NeverSeen _ -> "the rest was never seen";
            case PrefixMissReason.Evicted(long millisAgo) -> "the rest was evicted " + millisAgo + " ms ago";
            case PrefixMissReason.Expired _ -> "the time to live of the rest has passed";
            case PrefixMissReason.DifferentToken(int position, int asked, int cached) ->
                    "token " + position + " is " + asked
                            + ", the nearest cached text has " + cached;
            case PrefixMissReason.OtherNamespace(String label, int numThere) ->
                    "namespace " + label + " has " + numThere;
            case PrefixMissReason.InStore(int numThere) -> "the store has " + numThere + ", loaded by the next request";
            case PrefixMissReason.StorePending _ -> "the rest is being written to the store";
            case PrefixMissReason.StoreUnavailable _ -> "the store is unavailable";
            case PrefixMissReason.StoreRefused(String fault) -> "the store's block was discarded: " + fault;
            case PrefixMissReason.OutsideWindow(int numThere) ->
                    numThere + " agree, but windowed layers let go of some";
        };
        return numReused + " of " + numTokens + " tokens reused (" + numFromRunning + " from running, "
                + (numReused - numFromRunning) + " from finished sequences); " + why;
    }
}
