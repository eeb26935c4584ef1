package io.github.pastkv.store;

import io.github.pastkv.cache.store.ChunkKey;
import java.time.Instant;

/**
 * A chunk in a tier's listing.
 *
 * @param bytes of its content
 * @param lastUsed when it was written or last read, as far as the tier knows
 */
public record TierEntry(ChunkKey key, long bytes, Instant lastUsed) {}
