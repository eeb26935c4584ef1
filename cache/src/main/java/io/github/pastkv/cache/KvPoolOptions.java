package io.github.pastkv.cache;

import io.github.pastkv.cache.prefix.EvictionPolicy;
import io.github.pastkv.cache.prefix.LruPolicy;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a pool does beside storing.
 *
 * @param policy which cached prefixes go first; null for no index of prefixes
 * @param poisonsFreed whether blocks are filled with NaN when they become free, so that a stray read is seen
 * @param leakListener hears of caches that were forgotten without being closed, and where they were opened; null for
 *        nobody. It is called by a thread of the {@link java.lang.ref.Cleaner}
 * @param maxCachedBytes most bytes of cached prefixes that nobody holds; beyond it the least useful go, though the pool had
 *        room. Pinned ones stay
 */
public record KvPoolOptions(EvictionPolicy.@Nullable Factory policy, boolean poisonsFreed,
        @Nullable Consumer<String> leakListener, long maxCachedBytes) {
    public KvPoolOptions {
        if (maxCachedBytes < 0) {
            throw new IllegalArgumentException("maxCachedBytes: " + maxCachedBytes + ", must not be negative");
        }
    }

    /** No index, no aids, and no limit of cached prefixes but the pool's own. */
    public static KvPoolOptions defaults() {
        return new KvPoolOptions(null, false, null, Long.MAX_VALUE);
    }

    /**
     * With an index of prefixes from which what was let go of longest ago goes first: in replayed traces no other policy was
     * better on all of them, and the adaptive one on none.
     */
    public KvPoolOptions withPrefixIndex() {
        return withPrefixIndex(LruPolicy::new);
    }

    /** With an index of prefixes that evicts by a policy. */
    public KvPoolOptions withPrefixIndex(EvictionPolicy.Factory newPolicy) {
        return new KvPoolOptions(newPolicy, poisonsFreed, leakListener, maxCachedBytes);
    }

    public KvPoolOptions withPoisonedFreedBlocks() {
        return new KvPoolOptions(policy, true, leakListener, maxCachedBytes);
    }

    public KvPoolOptions withLeakListener(Consumer<String> newLeakListener) {
        return new KvPoolOptions(policy, poisonsFreed, newLeakListener, maxCachedBytes);
    }

    public KvPoolOptions withMaxCachedBytes(long newMaxCachedBytes) {
        return new KvPoolOptions(policy, poisonsFreed, leakListener, newMaxCachedBytes);
    }
}
