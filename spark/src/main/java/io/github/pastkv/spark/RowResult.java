package io.github.pastkv.spark;

import org.jspecify.annotations.Nullable;

/**
 * What was computed for a row.
 *
 * @param output a text, or a sum of log-probabilities; null for an error
 * @param detail the reason why a text ended, or the number of tokens scored; null for an error
 * @param error why there is no output; null if there is one
 * @param digest of the output; null for an error
 * @param numComputed tokens of the prompt that were computed
 * @param numReused tokens of the prompt that were cached
 * @param numGenerated new tokens
 */
record RowResult(@Nullable Object output, @Nullable Object detail, @Nullable String error, @Nullable String digest,
        long numComputed, long numReused, long numGenerated) {
    static RowResult error(String message) {
        return new RowResult(null, null, message, null, 0, 0, 0);
    }

    boolean isError() {
        return error != null;
    }
}
