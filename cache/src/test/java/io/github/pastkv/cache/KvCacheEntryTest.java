package io.github.pastkv.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.pastkv.cache.KvCacheEntry.KeysValues;
import io.github.pastkv.cache.block.BlockPool;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.TiledKvLayout;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KvCacheEntryTest extends CacheTest {
    @ParameterizedTest
    @EnumSource
    void append_ofManyThenOne_holdsBothAsStored(KvType type) {
        KvCache cache = open(config().withKvType(type));
        KvCacheEntry entry = cache.entry(1);
        appendTo(entry, cache, 6, 0);
        KeysValues all = appendTo(entry, cache, 1, 0);
        assertThat(entry.numSlots()).isEqualTo(7);
        assertThat(cache.entry(0).numSlots()).isZero();
        assertHolds(all.keys(), AttentionMask.ones(BATCH, 7), type, 0, true, 1);
        assertHolds(all.values(), AttentionMask.ones(BATCH, 7), type, 0, false, 1);
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16"})
    void append_takesTheStorageTypeToo(DataType type) {
        KvCache cache = open(config().withKvType(KvType.of(type)));
        Tensor keys = Numbers.as(type, Numbers.random(1, BATCH, 2, KV_HEADS, HEAD_DIM));
        assertThat(cache.entry(0).append(keys, keys).values().toFloatArray()).isEqualTo(keys.toFloatArray());
    }

    @Test
    void append_whileFrozen_returnsPastAndNewAndStoresNothing() {
        KvCache cache = open();
        KvCacheEntry entry = cache.entry(0);
        appendTo(entry, cache, 7, 0);
        int numHeld = cache.group(0).pool().numHeld();
        entry.freeze();
        for (int numNew : new int[] {4, 1, 0, 9}) {
            KeysValues all = appendTo(entry, cache, numNew, 0);
            assertHolds(all.keys(), AttentionMask.ones(BATCH, 7 + numNew), KvType.F32, 0, true, 0);
            assertHolds(all.values(), AttentionMask.ones(BATCH, 7 + numNew), KvType.F32, 0, false, 0);
            assertThat(entry.numSlots()).isEqualTo(7);
        }
        entry.unfreeze();
        appendTo(entry, cache, 1, 0);
        assertThat(entry.numSlots()).isEqualTo(8);
        cache.reset();
        assertThat(cache.group(0).pool().numHeld()).isZero();
        assertThat(numHeld).isPositive();
    }

    @Test
    void append_whenThePoolIsFull_changesNothing() {
        long blockBytes = new TiledKvLayout(SHAPE, KvTypes.of(KvType.F32), BLOCK_SIZE).blockBytes();
        KvCache cache = open(config().withMaxPoolBytes(5 * blockBytes));
        appendTo(cache.entry(0), cache, 5, 0);
        assertThatExceptionOfType(PoolExhaustedException.class).isThrownBy(() -> appendTo(cache.entry(0), cache, 1, 0));
        assertThat(cache.entry(0).numSlots()).isEqualTo(5);
        appendTo(cache.entry(1), cache, 5, 0);
        assertHolds(cache, AttentionMask.ones(BATCH, 5), 0);
    }

    @Test
    void append_ofTheWrongShapeTypeOrBatch_changesNothing() {
        KvCache cache = open(config().withKvTypes(new KvTypes(KvType.Q8, KvType.F16)));
        KvCacheEntry entry = cache.entry(1);
        appendTo(entry, cache, 2, 0);
        Tensor good = Numbers.random(1, BATCH, 3, KV_HEADS, HEAD_DIM);
        assertRefused(entry, Numbers.random(1, BATCH, 3, HEAD_DIM, KV_HEADS), good,
                "newKeys: F32[4, 3, 7, 3], must be [batch, new, 3, 7] (batch 4)");
        assertRefused(entry, good, Numbers.random(1, BATCH, 3, KV_HEADS, HEAD_DIM - 1),
                "newValues: F32[4, 3, 3, 6], must be [batch, new, 3, 7] (batch 4)");
        assertRefused(entry, Numbers.random(1, 3, KV_HEADS, HEAD_DIM), good,
                "newKeys: F32[3, 3, 7], must be [batch, new, 3, 7] (batch 4)");
        assertRefused(entry, good, Numbers.random(1, BATCH - 1, 3, KV_HEADS, HEAD_DIM),
                "newValues: 3 rows, the cache is configured for a batch of 4");
        assertRefused(entry, good, Numbers.random(1, BATCH, 2, KV_HEADS, HEAD_DIM),
                "newValues: 2 new slots, newKeys has 3");
        assertRefused(entry, good, Numbers.as(DataType.BF16, good),
                "newValues: BF16, the cache stores f16 and takes that or F32");
        assertRefused(entry, Numbers.as(DataType.F16, good), good,
                "newKeys: F16, the cache stores q8 and takes F32");
        assertThat(entry.numSlots()).isEqualTo(2);
        assertHolds(entry.pastKeys(), AttentionMask.ones(BATCH, 2), KvType.Q8, 0, true, 1);
    }

    private static void assertRefused(KvCacheEntry entry, Tensor keys, Tensor values, String message) {
        assertThatIllegalArgumentException().isThrownBy(() -> entry.append(keys, values)).withMessage(message);
    }

    @Test
    void append_beyondMaxTokens_isRefused() {
        KvCache cache = open(config().withMaxTokens(6));
        appendTo(cache.entry(0), cache, 4, 0);
        assertThatIllegalArgumentException().isThrownBy(() -> appendTo(cache.entry(0), cache, 3, 0))
                .withMessage("tokens: row 0 would reach 7 tokens, the cache is configured for at most 6");
        appendTo(cache.entry(0), cache, 2, 0);
    }

    @Test
    void append_ofATensorThatCannotBeRead_leavesTheCacheUsable() {
        KvCache cache = open();
        KvCacheEntry entry = cache.entry(0);
        Tensor dead;
        try (Arena arena = Arena.ofConfined()) {
            dead = Tensor.allocate(arena, DataType.F32, BATCH, 1, KV_HEADS, HEAD_DIM);
        }
        assertThatIllegalStateException().isThrownBy(() -> entry.append(dead, dead));
        assertThat(entry.numSlots()).isZero();
        assertThat(cache.group(0).pool().numHeld()).isZero();
        appendTo(entry, cache, 1, 0);
        assertThat(entry.numSlots()).isEqualTo(1);
    }

    @Test
    void append_returnedView_endsWithTheNextChange() {
        KvCache cache = open();
        KvCacheEntry entry = cache.entry(1);
        KeysValues first = appendTo(entry, cache, 2, 0);
        assertThat(first.keys().get(3, 1, 2, 6)).isEqualTo(Numbers.at(0, true, 1, 3, 1, 2, 6));
        KeysValues second = appendTo(cache.entry(0), cache, 3, 0);
        assertThatIllegalStateException().isThrownBy(() -> first.keys().get(3, 1, 2, 6));
        cache.truncate(1);
        assertThatIllegalStateException().isThrownBy(() -> second.values().get(0, 0, 0, 0));
        KeysValues third = appendTo(entry, cache, 1, 0);
        cache.reset();
        assertThatIllegalStateException().isThrownBy(() -> third.values().get(0, 0, 0, 0));
        KeysValues fourth = appendTo(entry, cache, 1, 0);
        cache.selectRows(0);
        assertThatIllegalStateException().isThrownBy(() -> fourth.values().get(0, 0, 0, 0));
    }

    @Test
    void append_returnedView_survivesARefusedAppendAndEndsWithTheCache() {
        KvCache cache = open();
        KeysValues view = appendTo(cache.entry(1), cache, 2, 0);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> cache.entry(1).append(Numbers.random(1, 1), Numbers.random(1, 1)));
        assertThat(view.keys().get(0, 1, 0, 0)).isEqualTo(Numbers.at(0, true, 1, 0, 1, 0, 0));
        BlockPool pool = cache.group(0).pool();
        cache.close();
        assertThatIllegalStateException().isThrownBy(() -> view.keys().get(0, 1, 0, 0));
        assertThat(pool.numHeld()).isZero();
    }

    @Test
    void append_onRowsThatShareBlocks_copiesBeforeWriting() {
        KvCache cache = open(config().withBatchSize(1));
        append(cache, 3);
        cache.selectRows(0, 0);
        Tensor keys = Numbers.random(1, 2, 1, KV_HEADS, HEAD_DIM);
        cache.entry(1).append(keys, keys);
        try (PastTensor past = cache.entry(1).pastKeys(); PastTensor other = cache.entry(0).pastKeys()) {
            for (int row = 0; row < 2; row++) {
                assertThat(past.get(row, 3, 1, 2)).isEqualTo(keys.get(row, 0, 1, 2));
                assertThat(past.get(row, 2, 1, 2)).isEqualTo(Numbers.at(0, true, 1, 0, 2, 1, 2));
                assertThat(other.get(row, 2, 1, 2)).isEqualTo(Numbers.at(0, true, 0, 0, 2, 1, 2));
            }
        }
    }

    @Test
    void append_layersOneAfterTheOther_shareTheirRowsBlocks() {
        KvCache cache = open();
        appendTo(cache.entry(0), cache, 12, 0);
        int numHeld = cache.group(0).pool().numHeld();
        appendTo(cache.entry(1), cache, 7, 0);
        appendTo(cache.entry(1), cache, 5, 0);
        assertThat(cache.group(0).pool().numHeld()).isEqualTo(numHeld);
        assertHolds(cache, AttentionMask.ones(BATCH, 12), 0);
        append(cache, 2);
        assertHolds(cache, AttentionMask.ones(BATCH, 14), 0);
    }
}
