package io.github.pastkv.cache.prefix;

import java.util.List;

/**
 * How many tokens of a request the prefix cache would reuse, from where, and why not more. Meant for operators: it
 * reveals information about all namespaces.
 *
 * @param numTokens tokens of the request
 * @param numReused leading tokens that would be reused
 * @param numFromRunning how many of those are in blocks of running sequences; the others are of finished ones
 * @param missReason why the hit is not longer
 * @param stores what each place of the store below has of the request, why it is not asked, and what was refused of it
 */
public record PrefixExplanation(int numTokens, int numReused, int numFromRunning, PrefixMissReason missReason,
        List<String> stores) {
    public PrefixExplanation {
        stores = List.copyOf(stores);
    }

    /** A human-readable line. */
    @Override
    public String toString() {
        String why = switch (missReason) {
            case PrefixMissReason.Whole _ -> "the last token is always computed";
            case PrefixMissReason.NeverSeen _ -> "the rest has not been cached";
            case PrefixMissReason.Evicted(long millisAgo) -> "the rest was evicted " + millisAgo + " ms ago";
            case PrefixMissReason.Expired _ -> "the time to live of the rest has expired";
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
                    numThere + " match, but windowed layers have evicted some";
        };
        return numReused + " of " + numTokens + " tokens reused (" + numFromRunning + " from running, "
                + (numReused - numFromRunning) + " from finished sequences); " + why
                + (stores.isEmpty() ? "" : "; " + String.join("; ", stores));
    }
}
