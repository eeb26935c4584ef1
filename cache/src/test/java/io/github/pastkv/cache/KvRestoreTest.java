package io.github.pastkv.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** A cache gives its blocks away and gets them back, with slots, mask and numbers as they were. */
class KvRestoreTest {
    private static final KvCacheConfig CONFIG = KvCacheConfig.of(new KvShape(2, 1, 3), 2).withBlockSize(4);
    private static final AttentionMask MASK =
            AttentionMask.of(new int[] {0, 1, 1, 1, 1, 1, 0}, new int[] {1, 1, 1, 1, 1, 1, 1});
    private static final int[] IDS = {1, 2, 3, 4, 5, 1, 2, 3, 4, 6, 7, 8};

    @AutoClose private final KvPool pool = new KvPool(CONFIG, KvPoolOptions.defaults().withPrefixIndex());
    @AutoClose private final KvCache cache = pool.newCache(CONFIG, PrefixNamespace.builder("test").build());

    /** Numbers that a model would make: a function of token id, position and layer. */
    private static void append(KvCache cache, AttentionMask mask, int[] ids, PrefixUse use) {
        try (KvStep step = cache.beginStep(mask, ids, use)) {
            int from = 0;
            for (int row = 0; row < step.numRows(); row++) {
                from += step.numReusedTokens(row);
                for (int token = step.rowStart(row); token < step.rowStart(row + 1); token++) {
                    for (int layer = 0; layer < 2; layer++) {
                        float number = 100 * ids[from] + 10 * step.position(token) + layer;
                        Tensor key = Tensor.of(new float[] {number, number + 1, number + 2}, 1, 3);
                        step.write(layer, key, key, token, 0, 1);
                    }
                    from++;
                }
            }
            step.commit();
        }
    }

    private static float[][] keys(KvCache cache) {
        float[][] keys = new float[2][];
        for (int layer = 0; layer < 2; layer++) {
            try (PastTensor past = cache.entry(layer).pastKeys()) {
                keys[layer] = past.toFloatArray();
            }
        }
        return keys;
    }

    private static void restore(KvCache cache) {
        try (KvRestore restore = cache.beginRestore()) {
            for (int row = 0; row < restore.numRows(); row++) {
                int[] lengths = new int[restore.numRows()];
                lengths[row] = restore.tokenIds(row).length;
                append(cache, AttentionMask.ofLengths(lengths), restore.tokenIds(row), PrefixUse.REUSE);
            }
            restore.commit();
        }
    }

    @Test
    void releaseAndRestore_giveSlotsMaskAndNumbersBack() {
        append(cache, MASK, IDS, PrefixUse.STORE);
        float[][] keys = keys(cache);
        cache.release();
        assertThat(cache.isReleased()).isTrue();
        assertThat(pool.heldBytes()).isZero();
        assertThat(cache.numSlots()).isEqualTo(7);
        assertThat(cache.numTokens(0)).isEqualTo(5);
        assertThat(cache.knownTokenIds(1)).containsExactly(1, 2, 3, 4, 6, 7, 8);
        restore(cache);
        assertThat(cache.previousAttentionMask()).isEqualTo(MASK);
        assertThat(keys(cache)).isDeepEqualTo(keys);
        cache.checkIntegrity();
        append(cache, AttentionMask.ones(2, 1), new int[] {9, 9}, PrefixUse.STORE_LATER);
        assertThat(cache.numSlots()).isEqualTo(8);
    }

    @Test
    void releasedCache_canBeCutForkedAndReset() {
        append(cache, MASK, IDS, PrefixUse.STORE);
        cache.truncateRow(1, 6);
        float[][] keys = keys(cache);
        cache.release();
        try (KvCache fork = cache.fork()) {
            restore(fork);
            assertThat(keys(fork)).isDeepEqualTo(keys);
            cache.rewind(2);
            cache.selectRows(1, 1, 0);
            restore(cache);
            assertThat(cache.numTokens(1)).isEqualTo(4);
            assertThat(cache.numTokens(2)).isEqualTo(3);
            assertThat(cache.numSlots()).isEqualTo(4);
            cache.release();
            cache.reset();
            assertThat(cache.isReleased()).isFalse();
            append(cache, AttentionMask.ones(3, 1), new int[] {7, 8, 9}, PrefixUse.REUSE);
            assertThat(keys(fork)).isDeepEqualTo(keys);
            fork.checkIntegrity();
        }
    }

    @Test
    void restoreThatIsNotCommitted_leavesTheCacheReleased() {
        append(cache, MASK, IDS, PrefixUse.STORE);
        float[][] keys = keys(cache);
        cache.release();
        try (KvRestore restore = cache.beginRestore()) {
            append(cache, AttentionMask.ofLengths(2, 0), Arrays.copyOf(restore.tokenIds(0), 2), PrefixUse.REUSE);
            assertThatIllegalStateException().isThrownBy(restore::commit).withMessageContaining("row 0 has 2 tokens");
        }
        assertThat(cache.isReleased()).isTrue();
        assertThat(cache.numTokens(0)).isEqualTo(5);
        assertThat(pool.heldBytes()).isZero();
        restore(cache);
        assertThat(keys(cache)).isDeepEqualTo(keys);
    }

    @Test
    void whatCannotBeComputedAgain_isNotReleased() {
        assertThat(cache.canRelease()).isFalse(); // nothing to release
        append(cache, MASK, IDS, PrefixUse.STORE);
        assertThat(cache.canRelease()).isTrue();
        cache.freeze();
        assertThat(cache.canRelease()).isFalse();
        assertThatIllegalStateException().isThrownBy(cache::release).withMessageContaining("frozen");
        cache.unfreeze();
        cache.markDerived(0, 4);
        assertThat(cache.canRelease()).isFalse();
        assertThatIllegalStateException().isThrownBy(cache::beginRestore).withMessageContaining("not been released");
    }

    @Test
    void releasedCache_refusesWhatNeedsItsBlocks() {
        append(cache, MASK, IDS, PrefixUse.STORE);
        cache.release();
        assertThat(cache.canRelease()).isFalse();
        for (Runnable use : new Runnable[] {() -> cache.beginStep(AttentionMask.ones(2, 1)), cache::freeze,
            () -> cache.entry(0).pastKeys(), () -> cache.beginEdit(0, 0), () -> cache.markDerived(0, 0)}) {
            assertThatIllegalStateException().isThrownBy(use::run).withMessageContaining("released");
        }
    }
}
