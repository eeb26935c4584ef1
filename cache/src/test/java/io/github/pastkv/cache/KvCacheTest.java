package io.github.pastkv.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.block.BlockPool;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KvCacheTest extends CacheTest {
    private static final AttentionMask HOLED =
            AttentionMask
                    .of(new int[][] {{0, 0, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 1}, {1, 0, 1, 0, 1, 1}, {1, 1, 0, 0, 0, 0}});

    private static int numHeld(KvCache cache) {
        return cache.group(0).pool().numHeld();
    }

    @Test
    void new_isEmptyAndReservesNothing() {
        KvCache cache = open();
        assertThat(cache.batchSize()).isEqualTo(BATCH);
        assertThat(cache.numLayers()).isEqualTo(LAYERS);
        assertThat(cache.entries()).hasSize(LAYERS);
        assertThat(cache.entry(1).layer()).isEqualTo(1);
        assertThat(cache.numSlots()).isZero();
        assertThat(cache.frozen()).isFalse();
        assertThat(cache.previousAttentionMask()).isEqualTo(AttentionMask.ones(BATCH, 0));
        assertThat(cache.cacheBytes()).isZero();
        assertThat(cache.group(0).pool().poolBytes()).isZero();
        assertThat(cache.entry(1).pastKeys().shape()).containsExactly(BATCH, 0, KV_HEADS, HEAD_DIM);
        assertThatThrownBy(() -> cache.entry(LAYERS)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 16, 64})
    void memory_followsWhatIsStored(int blockSize) {
        KvCache cache = open(config().withBlockSize(blockSize).withMaxTokens(1_000_000));
        append(cache, HOLED, 0);
        int numBlocks = 0;
        for (int row = 0; row < BATCH; row++) {
            numBlocks += Math.ceilDiv(HOLED.numReal(row), blockSize);
        }
        assertThat(cache.cacheBytes()).isEqualTo(numBlocks * KvTypes.of(KvType.F32).bytesPerToken(SHAPE) * blockSize);
    }

    /** Bytes of blocks beyond those of the tokens in them; {@code docs/benchmark-log.md} has the shares. */
    @ParameterizedTest
    @CsvSource({"16,F32,0.01", "16,Q8,0.01", "64,F16,0.04"})
    void cacheBytes_from1600TokensOn_wasteLittle(int blockSize, KvType type, double mostWaste) {
        KvCache cache = open(KvCacheConfig.of(new KvShape(2, 1, 64), 1).withBlockSize(blockSize).withKvType(type));
        append(cache, 1600);
        double largest = 0;
        for (int numTokens = 1600; numTokens < 1600 + 2 * blockSize; numTokens++) {
            double usedBytes = (double) numTokens * cache.config().bytesPerToken();
            largest = Math.max(largest, 1 - usedBytes / cache.cacheBytes());
            append(cache, 1);
        }
        assertThat(largest).isLessThanOrEqualTo(mostWaste).isPositive();
    }

    @Test
    void cacheBytes_whenRowsShareBlocks_countsEachOnce() {
        KvCache cache = open(config().withBatchSize(1));
        append(cache, 7);
        long bytes = cache.cacheBytes();
        cache.selectRows(0, 0, 0);
        assertThat(cache.cacheBytes()).isEqualTo(bytes);
    }

    // Masks

    @Test
    void appendAttentionMask_beforeTheEntries_declaresTheirPads() {
        KvCache cache = open();
        AttentionMask joined = cache.appendAttentionMask(HOLED);
        assertThat(joined).isEqualTo(HOLED);
        assertThat(cache.previousAttentionMask()).isEqualTo(HOLED);
        Tensor keys = Numbers.random(1, BATCH, 6, KV_HEADS, HEAD_DIM);
        cache.entry(0).append(keys, keys);
        try (PastTensor past = cache.entry(0).pastKeys()) {
            for (int row = 0; row < BATCH; row++) {
                for (int slot = 0; slot < 6; slot++) {
                    assertThat(past.get(row, slot, 2, 6))
                            .isEqualTo(HOLED.isReal(row, slot) ? keys.get(row, slot, 2, 6) : 0);
                }
            }
        }
        assertThat(cache.numTokens(3)).isEqualTo(2);
    }

    @Test
    void appendAttentionMask_afterTheEntries_agreesOrIsRefused() {
        KvCache cache = open();
        appendTo(cache.entry(1), cache, 2, 0);
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> cache.appendAttentionMask(AttentionMask.of(new int[][] {{1, 1}, {1, 1}, {1, 0}, {1, 1}})))
                .withMessage("newMask: pad at [2, 1], slot 1 already holds a real token");
        assertThat(cache.previousAttentionMask().numSlots()).isZero();
        cache.appendAttentionMask(AttentionMask.of(new int[][] {{1, 1, 0}, {1, 1, 1}, {1, 1, 0}, {1, 1, 1}}));
        assertThat(cache.previousAttentionMask()).hasToString("[4, 3] 110 111 110 111");
    }

    @Test
    void appendAttentionMask_whileFrozen_isReturnedAndNotStored() {
        KvCache cache = open();
        append(cache, HOLED, 0);
        cache.freeze();
        AttentionMask joined = cache.appendAttentionMask(AttentionMask.ofLengths(1, 0, 1, 1));
        assertThat(joined).hasToString("[4, 7] 0011111 1111110 1010111 1100001");
        assertThat(cache.previousAttentionMask()).isEqualTo(HOLED);
    }

    @Test
    void appendAttentionMask_ofAnotherBatch_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> open().appendAttentionMask(AttentionMask.ones(3, 2)))
                .withMessage("newMask: 3 rows, the cache is configured for a batch of 4");
    }

    @Test
    void appendAttentionMask_whileAStepIsOpen_isRefused() {
        KvCache cache = open();
        try (KvStep step = cache.beginStep(AttentionMask.ones(BATCH, 2))) {
            assertThatIllegalStateException().isThrownBy(() -> cache.appendAttentionMask(AttentionMask.ones(BATCH, 1)))
                    .withMessageContaining("a step of this cache is open");
            write(step, SHAPE, 0);
            step.commit();
        }
        assertThat(cache.previousAttentionMask().numSlots()).isEqualTo(2);
    }

    @Test
    void beginStep_withAMaskAheadOfTheLayers_isRefused() {
        KvCache cache = open();
        cache.appendAttentionMask(AttentionMask.ones(BATCH, 3));
        assertThatIllegalStateException().isThrownBy(() -> cache.beginStep(AttentionMask.ones(BATCH, 1)))
                .withMessage("the stored mask has 3 slots, the layers hold 0");
        for (KvCacheEntry entry : cache.entries()) {
            appendTo(entry, cache, 3, 0);
        }
        append(cache, 1);
        assertHolds(cache, AttentionMask.ones(BATCH, 4), 0);
    }

    @Test
    void beginStep_afterEntriesWithoutAMask_countsTheirSlotsAsReal() {
        KvCache cache = open();
        for (KvCacheEntry entry : cache.entries()) {
            appendTo(entry, cache, 2, 0);
        }
        append(cache, AttentionMask.of(new int[][] {{0, 1}, {1, 1}, {1, 0}, {0, 0}}), 0);
        assertThat(cache.previousAttentionMask()).hasToString("[4, 4] 1101 1111 1110 1100");
        assertHolds(cache, cache.previousAttentionMask(), 0);
    }

    // Freezing

    @Test
    void freeze_setsTheFlagOfTheCacheAndOfEveryEntry() {
        KvCache cache = open();
        cache.entry(1).freeze();
        cache.freeze();
        assertThat(cache.frozen()).isTrue();
        assertThat(cache.entries()).allMatch(KvCacheEntry::frozen);
        cache.unfreeze();
        assertThat(cache.frozen()).isFalse();
        assertThat(cache.entries()).noneMatch(KvCacheEntry::frozen);
    }

    @Test
    void unfreeze_letsTheCacheGrowAgain() {
        KvCache cache = open();
        append(cache, 3);
        cache.freeze();
        append(cache, 4);
        append(cache, 1);
        cache.unfreeze();
        append(cache, 4);
        assertHolds(cache, AttentionMask.ones(BATCH, 7), 0);
    }

    @Test
    void freeze_ofAnEmptyCache_keepsItEmpty() {
        KvCache cache = open();
        cache.freeze();
        append(cache, HOLED, 0);
        assertThat(cache.numSlots()).isZero();
        assertThat(cache.previousAttentionMask().numSlots()).isZero();
        assertThat(numHeld(cache)).isZero();
    }

    @Test
    void beginStep_withUnequalFlags_isRefusedByName() {
        KvCache cache = open();
        cache.entry(1).freeze();
        assertThatIllegalStateException().isThrownBy(() -> cache.beginStep(AttentionMask.ones(BATCH, 1)))
                .withMessage("layers of unequal flags: the cache is not frozen, layer 1 is frozen");
        cache.freeze();
        cache.entry(0).unfreeze();
        assertThatIllegalStateException().isThrownBy(() -> cache.beginStep(AttentionMask.ones(BATCH, 1)))
                .withMessage("layers of unequal flags: the cache is frozen, layer 0 is not frozen");
    }

    @Test
    void beginStep_withUnequalLengths_isRefusedByName() {
        KvCache cache = open();
        append(cache, 2);
        appendTo(cache.entry(1), cache, 3, 0);
        assertThatIllegalStateException().isThrownBy(() -> cache.beginStep(AttentionMask.ones(BATCH, 1)))
                .withMessage("layers of unequal length: layer 0 holds 2 slots, layer 1 holds 5");
        cache.truncate(2);
        append(cache, 1);
        assertHolds(cache, AttentionMask.ones(BATCH, 3), 0);
    }

    // Truncating

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4, 5, 6, 10, 12})
    void truncate_keepsTheFirstSlots_andWritesOnFromThere(int newNumSlots) {
        for (int blockSize : new int[] {1, BLOCK_SIZE, 16}) {
            KvCache cache = open(config().withBlockSize(blockSize));
            AttentionMask both = cache.appendAttentionMask(HOLED);
            cache.reset();
            append(cache, HOLED, 0);
            append(cache, AttentionMask.of(new int[][] {{1, 1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 0}, {0, 1, 1, 1, 1, 1},
                {0, 0, 1, 1, 1, 1}}), 0);
            cache.truncate(newNumSlots);
            AttentionMask kept = first(cache.previousAttentionMask(), newNumSlots);
            assertThat(cache.numSlots()).isEqualTo(newNumSlots);
            assertThat(first(both, Math.min(6, newNumSlots))).isEqualTo(first(kept, Math.min(6, newNumSlots)));
            assertHolds(cache, kept, 0);
            assertThat(numHeld(cache)).isEqualTo(numBlocks(kept, blockSize));
            append(cache, 3);
            assertHolds(cache, cache.previousAttentionMask(), 0);
        }
    }

    private static AttentionMask first(AttentionMask mask, int numSlots) {
        int[][] rows = mask.toArray();
        for (int row = 0; row < rows.length; row++) {
            rows[row] = Arrays.copyOf(rows[row], numSlots);
        }
        return AttentionMask.of(rows);
    }

    private static int numBlocks(AttentionMask mask, int blockSize) {
        int numBlocks = 0;
        for (int row = 0; row < mask.batchSize(); row++) {
            numBlocks += Math.ceilDiv(mask.numReal(row), blockSize);
        }
        return numBlocks;
    }

    @Test
    void truncate_whileFrozen_isAllowed() {
        KvCache cache = open();
        append(cache, 7);
        cache.freeze();
        cache.truncate(6);
        append(cache, 2);
        assertThat(cache.numSlots()).isEqualTo(6);
        assertHolds(cache, AttentionMask.ones(BATCH, 6), 0);
    }

    @Test
    void truncate_toMoreThanALayerHolds_isRefused() {
        KvCache cache = open();
        append(cache, 3);
        appendTo(cache.entry(0), cache, 2, 0);
        assertThatIllegalArgumentException().isThrownBy(() -> cache.truncate(4))
                .withMessage("newNumSlots: 4, layer 1 holds 3 slots");
        assertThatIllegalArgumentException().isThrownBy(() -> cache.truncate(-1));
        assertThat(cache.entry(0).numSlots()).isEqualTo(5);
    }

    @Test
    void truncate_ofAMaskWithoutEntries_clearsIt() {
        KvCache cache = open();
        cache.appendAttentionMask(HOLED);
        cache.truncate(0);
        assertThat(cache.previousAttentionMask().numSlots()).isZero();
        append(cache, 6);
        assertHolds(cache, AttentionMask.ones(BATCH, 6), 0);
    }

    // Rows

    @Test
    void selectRows_dropsReordersAndRepeats() {
        KvCache cache = open();
        append(cache, HOLED, 0);
        float[] keys = cache.entry(1).pastKeys().toFloatArray();
        cache.selectRows(2, 0, 2);
        assertThat(cache.batchSize()).isEqualTo(3);
        assertThat(cache.config().batchSize()).isEqualTo(3);
        assertThat(cache.previousAttentionMask()).hasToString("[3, 6] 101011 001111 101011");
        assertThat(cache.numTokens(1)).isEqualTo(4);
        float[] selected = cache.entry(1).pastKeys().toFloatArray();
        int rowLength = keys.length / BATCH;
        for (int i = 0; i < selected.length; i++) {
            int from = i / rowLength == 1 ? 0 : 2;
            assertThat(selected[i]).isEqualTo(keys[from * rowLength + i % rowLength]);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 16})
    void selectRows_repeatedRows_goOnApart(int blockSize) {
        KvCache cache = open(config().withBatchSize(1).withBlockSize(blockSize));
        append(cache, 7);
        int before = numHeld(cache);
        cache.selectRows(0, 0, 0);
        assertThat(numHeld(cache)).isEqualTo(before);
        append(cache, AttentionMask.ones(3, 4), 9);
        for (KvCacheEntry entry : cache.entries()) {
            PastTensor keys = entry.pastKeys();
            for (int row = 0; row < 3; row++) {
                for (int position = 0; position < 11; position++) {
                    float expected = position < 7
                            ? Numbers.at(0, true, entry.layer(), 0, position, 1, 4)
                            : Numbers.at(9, true, entry.layer(), row, position, 1, 4);
                    assertThat(keys.get(row, position, 1, 4)).isEqualTo(expected);
                }
            }
            keys.close();
        }
    }

    @Test
    void selectRows_thenClosingTheRepeats_letsGoOfTheirBlocksOnly() {
        KvCache cache = open(config().withBatchSize(1));
        append(cache, 7);
        cache.selectRows(0, 0);
        append(cache, AttentionMask.ones(2, 1), 0);
        cache.selectRows(0);
        assertThat(numHeld(cache)).isEqualTo(2);
        assertHolds(cache, AttentionMask.ones(1, 8), 0);
    }

    @Test
    void selectRows_ofNoneOrUnknownRows_changesNothing() {
        KvCache cache = open();
        append(cache, HOLED, 0);
        assertThatIllegalArgumentException().isThrownBy(cache::selectRows);
        assertThatThrownBy(() -> cache.selectRows(0, 4)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> cache.selectRows(-1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(cache.group(0).pool().refCount(cache.group(0).table(0).blockId(0))).isEqualTo(1);
        assertHolds(cache, HOLED, 0);
    }

    @Test
    void changes_whileAStepIsOpen_areRefused() {
        KvCache cache = open();
        append(cache, 3);
        List<Consumer<KvCache>> changes = List.of(c -> c.truncate(1), c -> c.selectRows(0), KvCache::reset,
                c -> appendTo(c.entry(0), c, 1, 0));
        try (KvStep step = cache.beginStep(AttentionMask.ones(BATCH, 2))) {
            write(step, SHAPE, 0);
            for (Consumer<KvCache> change : changes) {
                assertThatIllegalStateException().isThrownBy(() -> change.accept(cache))
                        .withMessageContaining("a step of this cache is open");
            }
            step.commit();
        }
        assertHolds(cache, AttentionMask.ones(BATCH, 5), 0);
    }

    // Reset and close

    @Test
    void reset_forgetsAllAndKeepsTheFlags() {
        KvCache cache = open();
        append(cache, HOLED, 0);
        cache.freeze();
        cache.reset();
        assertThat(cache.numSlots()).isZero();
        assertThat(cache.numTokens(1)).isZero();
        assertThat(cache.frozen()).isTrue();
        assertThat(numHeld(cache)).isZero();
        assertThat(cache.previousAttentionMask().numSlots()).isZero();
        cache.unfreeze();
        append(cache, 4);
        assertHolds(cache, AttentionMask.ones(BATCH, 4), 0);
    }

    @Test
    void close_withoutSnapshots_givesAllMemoryBack() {
        KvCache cache = open();
        append(cache, HOLED, 0);
        BlockPool pool = cache.group(0).pool();
        cache.close();
        cache.close();
        assertThat(pool.numHeld()).isZero();
    }

    @Test
    void toString_saysWhatIsThere_openAndClosed() {
        KvCache cache = new KvCache(KvCacheConfig.of(new KvShape(3, 2, 14), 1));
        Tensor slots = Tensor.ones(1, 5, 2, 14);
        cache.entry(0).append(slots, slots);
        assertThat(cache).hasToString("KvCache[1 rows, 5 slots, 3 layers]");
        assertThat(cache.entry(0)).hasToString("KvCacheEntry[layer 0, [1, 5, 2, 14]]");
        assertThat(cache.entry(2)).hasToString("KvCacheEntry[layer 2, [1, 0, 2, 14]]");
        assertThat(cache.entry(0).pastKeys()).hasToString("PastTensor[1, 5, 2, 14]");
        assertThatThrownBy(() -> cache.entry(3)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage("layer: 3, the cache has 3 layers");
        cache.close();
        assertThat(cache).hasToString("KvCache[closed]");
        assertThat(cache.entry(1)).hasToString("KvCacheEntry[layer 1, closed]");
    }

    @Test
    void anyUse_afterClose_isAnIllegalState() {
        KvCache cache = open();
        append(cache, 2);
        KvCacheEntry entry = cache.entry(1);
        Tensor slot = Numbers.random(1, BATCH, 1, KV_HEADS, HEAD_DIM);
        cache.close();
        List<Runnable> uses = List.of(() -> cache.beginStep(AttentionMask.ones(BATCH, 1)),
                () -> cache.appendAttentionMask(AttentionMask.ones(BATCH, 1)), cache::previousAttentionMask,
                cache::numSlots, () -> cache.numTokens(0), cache::frozen, cache::freeze, cache::unfreeze,
                () -> cache.truncate(1), () -> cache.selectRows(0), cache::reset, cache::cacheBytes, entry::numSlots,
                entry::frozen, entry::freeze, entry::unfreeze, entry::pastKeys, entry::pastValues,
                () -> entry.append(slot, slot));
        for (int i = 0; i < uses.size(); i++) {
            Runnable use = uses.get(i);
            assertThatIllegalStateException().as("use %d", i).isThrownBy(use::run).withMessage("the cache is closed");
        }
        cache.checkIntegrity();
    }

    @Test
    void locks_addUp_andRejectMasksAndEntriesToo() {
        try (KvCache cache = new KvCache(KvCacheConfig.of(new KvShape(1, 1, 2), 1))) {
            cache.lockChanges();
            cache.lockChanges();
            cache.unlockChanges();
            assertThatThrownBy(() -> cache.appendAttentionMask(AttentionMask.ones(1, 1)))
                    .isInstanceOf(IllegalStateException.class).hasMessageContaining("can only be read");
            assertThatThrownBy(() -> cache.entry(0).append(Tensor.ones(1, 1, 1, 2), Tensor.ones(1, 1, 1, 2)))
                    .isInstanceOf(IllegalStateException.class).hasMessageContaining("can only be read");
            assertThat(cache.numSlots()).isZero();
            cache.unlockChanges();
            cache.appendAttentionMask(AttentionMask.ones(1, 1));
            cache.entry(0).append(Tensor.ones(1, 1, 1, 2), Tensor.ones(1, 1, 1, 2));
            assertThat(cache.numSlots()).isEqualTo(1);
        }
    }
}
