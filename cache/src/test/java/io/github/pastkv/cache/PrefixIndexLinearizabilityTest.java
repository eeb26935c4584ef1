package io.github.pastkv.cache;

import io.github.pastkv.cache.block.Allocation;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.prefix.PrefixStats;
import io.github.pastkv.cache.radix.RadixPrefixIndex;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Finding, pinning, forgetting and evicting prefixes, and the counts of their blocks: whatever threads do at once, each
 * result is that of some order of their calls one after the other, looked for by Lincheck.
 *
 * <p>The index begins with two texts of four tokens, which share their first block of two.
 */
@Param(name = "text", gen = IntGen.class, conf = "0:1")
@Tag("stress")
public class PrefixIndexLinearizabilityTest {
    private static final int SCALE = Integer.getInteger("pastkv.test.scale", 1);
    private static final KvShape SHAPE = new KvShape(1, 1, 1);
    private static final int BLOCK_SIZE = 2;
    private static final int NUM_BLOCKS = 4;
    private static final PrefixNamespace NAMESPACE = PrefixNamespace.builder("test").with("model", 1).build();
    private static final int[][] TEXTS = {{1, 2, 3, 4, 0}, {1, 2, 5, 6, 0}};

    private final KvPool pool;
    private final RadixPrefixIndex index;

    /** Stores the texts and lets go of them. */
    public PrefixIndexLinearizabilityTest() {
        KvCacheConfig config = KvCacheConfig.of(SHAPE, 1).withBlockSize(BLOCK_SIZE);
        long blockBytes = BLOCK_SIZE * config.bytesPerToken();
        pool = new KvPool(config.withMaxPoolBytes(NUM_BLOCKS * blockBytes), KvPoolOptions.defaults().withPrefixIndex());
        index = (RadixPrefixIndex) pool.prefixIndex().orElseThrow();
        for (int[] text : TEXTS) {
            try (KvCache cache = pool.newCache(pool.config(), NAMESPACE);
                    KvStep step = cache.beginStep(AttentionMask.ones(1, 4), text, PrefixUse.REUSE)) {
                CacheTest.write(step, SHAPE, 0);
                step.commit();
            }
        }
    }

    /** Finds a text and holds it from now on; returns the tokens found. */
    @Operation
    public int hold(@Param(name = "text") int text) {
        RadixPrefixIndex.Request request = new RadixPrefixIndex.Request(TEXTS[text], 0, 4, true);
        index.acquirePrefix(NAMESPACE, request);
        return request.numFound();
    }

    /** Looks a text up. */
    @Operation
    public int explain(@Param(name = "text") int text) {
        return index.explain(NAMESPACE, TEXTS[text]).numReused();
    }

    /** Pins a text from now on. */
    @Operation
    public int pin(@Param(name = "text") int text) {
        return index.pin(NAMESPACE, TEXTS[text]).numTokens();
    }

    /** Forgets what nobody holds or has pinned. */
    @Operation
    public void clear() {
        index.clear();
    }

    /** Takes two blocks, which evicts where none is free; returns the ids or what the pool said instead. */
    @Operation
    public String allocate() {
        int[] blockIds = new int[2];
        Allocation result = pool.groups()[0].blocks().tryAllocate(2, blockIds, 0);
        return result instanceof Allocation.Exhausted exhausted
                ? "free " + exhausted.numBlocksFree() + ", evictable " + exhausted.numBlocksEvictable()
                : blockIds[0] + " " + blockIds[1];
    }

    /** Entries and bytes of the index. */
    @Operation
    public String stats() {
        PrefixStats stats = index.stats();
        return stats.numBlocks() + " " + stats.cachedBytes() + " " + stats.numEvicted();
    }

    /** After each run. */
    @Validate
    public void checkIntegrity() {
        pool.checkIntegrity();
    }

    @Test
    void underStress_isLinearizable() {
        new StressOptions().iterations(2 * SCALE).invocationsPerIteration(200).threads(3).actorsPerThread(3)
                .check(PrefixIndexLinearizabilityTest.class);
    }

    @Test
    void overInterleavings_isLinearizable() {
        new ModelCheckingOptions().iterations(SCALE).invocationsPerIteration(SCALE > 1 ? 30 : 10) // seconds each
                .threads(2).actorsPerThread(2)
                .loopBound(10_000) // more than the slots of a hash table that are set one by one
                .check(PrefixIndexLinearizabilityTest.class);
    }
}
