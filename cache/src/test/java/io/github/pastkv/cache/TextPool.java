package io.github.pastkv.cache;

import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.cache.prefix.LruPolicy;
import io.github.pastkv.cache.prefix.PrefixIndex;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import java.util.stream.IntStream;

/** A pool with an index that evicts what was let go of longest ago, and texts in it: runs of token ids. */
final class TextPool implements AutoCloseable {
    static final int BLOCK_SIZE = 3;
    /** Two layers of one head of two, keys and values. */
    static final long BLOCK_BYTES = BLOCK_SIZE * 2 * 2 * 2 * Float.BYTES;
    static final PrefixNamespace NAMESPACE = PrefixNamespace.builder("test").with("model", 1).build();
    private static final KvShape SHAPE = new KvShape(2, 1, 2);

    final KvPool pool;
    final PrefixIndex index;

    /** With room for so many blocks. */
    TextPool(int maxBlocks) {
        this(maxBlocks, KvPoolOptions.defaults());
    }

    TextPool(int maxBlocks, KvPoolOptions options) {
        KvCacheConfig config = KvCacheConfig.of(SHAPE, 1).withBlockSize(BLOCK_SIZE);
        pool = new KvPool(config.withMaxPoolBytes((long) maxBlocks * BLOCK_SIZE * config.bytesPerToken()),
                options.withPrefixIndex(LruPolicy::new));
        index = pool.prefixIndex().orElseThrow();
    }

    /** Token ids {@code first, first + 1, ...}. */
    static int[] text(int first, int numTokens) {
        return IntStream.range(first, first + numTokens).toArray();
    }

    KvCache open() {
        return pool.newCache(pool.config(), NAMESPACE);
    }

    /** Appends known tokens to the one row; returns how many of them the index had. */
    static int append(KvCache cache, int... tokenIds) {
        try (KvStep step = cache.beginStep(AttentionMask.ones(1, tokenIds.length), tokenIds, PrefixUse.REUSE)) {
            CacheTest.write(step, SHAPE, 0);
            step.commit();
            return step.numReusedTokens(0);
        }
    }

    /** A sequence that reads a text and ends. */
    int read(int... tokenIds) {
        try (KvCache cache = open()) {
            return append(cache, tokenIds);
        }
    }

    /** How many of a text's tokens, but for the last, would be found; changes nothing. */
    int numFindable(int... tokenIds) {
        return index.explain(NAMESPACE, tokenIds).numReused();
    }

    @Override
    public void close() {
        pool.checkIntegrity();
        pool.close();
    }
}
