package io.github.pastkv.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Edits of what is stored, and grafts from other caches. */
class KvGraftTest extends CacheTest {
    private static final KvWindow WINDOW = KvWindow.of(6);

    /** A number of {@code salt}, as stored; row and position are those that it was written for. */
    private static void assertToken(KvCache cache, int[] place, int salt, int writtenRow, int writtenPosition) {
        int layer = place[0];
        for (boolean ofKeys : new boolean[] {true, false}) {
            for (int head = 0; head < KV_HEADS; head++) {
                KvTypes types = cache.config().kvTypes(layer);
                float[] stored = Numbers.stored(ofKeys ? types.keys() : types.values(), salt, ofKeys, layer,
                        writtenRow, writtenPosition, head);
                for (int dim = 0; dim < HEAD_DIM; dim++) {
                    assertThat(cache.read(layer, place[1], ofKeys, place[2], head, dim))
                            .as("layer %d, row %d, position %d", layer, place[1], place[2])
                            .isEqualTo(stored[dim]);
                }
            }
        }
    }

    @Test
    void edit_changesOnlyWhatIsWritten_andNotForksOrSnapshots() {
        KvCache cache = open();
        append(cache, 13);
        try (KvCache fork = cache.fork(); PastTensor before = cache.entry(1).pastKeys()) {
            float[] numbers = {1, 2, 3, 4, 5, 6, 7};
            try (KvEdit edit = cache.beginEdit(0, 0, 4, 13)) {
                edit.setKey(1, 2, 7, 2, numbers);
                assertThat(KvGraft.head(cache, 1, 2, true, 7, 2)).doesNotContain(numbers);
                edit.commit();
            }
            assertThat(KvGraft.head(cache, 1, 2, true, 7, 2)).containsExactly(numbers);
            assertHolds(fork, AttentionMask.ones(BATCH, 13), 0);
            assertThat(before.get(2, 7, 2, 3)).isEqualTo(Numbers.at(0, true, 1, 2, 7, 2, 3));
            assertThat(cache.numExactTokens(2)).isEqualTo(7);
            assertThat(cache.numExactTokens(1)).isEqualTo(13);
            assertThat(cache.isDerived()).isTrue();
            assertThat(fork.isDerived()).isFalse();
        }
        cache.truncateRow(2, 7);
        assertThat(cache.isDerived()).isFalse();
        append(cache, 2);
        assertToken(cache, new int[] {0, 2, 8}, 0, 2, 8);
    }

    @Test
    void edit_thatIsDroppedOrRefused_changesNothing() {
        KvCache cache = open(config().withMaxPoolBytes(1 << 16));
        append(cache, 13);
        long heldBytes = cache.pool().heldBytes();
        try (KvEdit edit = cache.beginEdit(0, 0, 4, 13)) {
            edit.setValue(0, 0, 5, 1, 1, 2, 3, 4, 5, 6, 7);
            assertThatIllegalArgumentException().isThrownBy(() -> edit.setKey(0, 2, 3, 0, new float[HEAD_DIM]))
                    .withMessage("position: 3, this edit may change row 2 of layer 0 from 4 on");
            assertThatIllegalArgumentException().isThrownBy(() -> edit.setKey(0, 2, 4, 0, new float[HEAD_DIM - 1]));
            assertThatExceptionOfType(IndexOutOfBoundsException.class)
                    .isThrownBy(() -> edit.setKey(0, 2, 13, 0, new float[HEAD_DIM]));
            assertThatIllegalStateException().isThrownBy(() -> append(cache, 1))
                    .withMessage("an edit of this cache is open; commit or close it first");
        }
        assertHolds(cache, AttentionMask.ones(BATCH, 13), 0);
        assertThat(cache.pool().heldBytes()).isEqualTo(heldBytes);
        assertThat(cache.isDerived()).isFalse();
        KvCache full = open(config().withMaxPoolBytes(heldBytes + 100));
        append(full, 13);
        assertThatExceptionOfType(PoolExhaustedException.class).isThrownBy(() -> full.beginEdit(0, 0, 0, 0));
        assertHolds(full, AttentionMask.ones(BATCH, 13), 0);
        append(full, 1);
    }

    @ParameterizedTest
    @EnumSource
    void appendTokens_takesThemOverAsStored_andMarksThem(KvType type) {
        KvCache target = open(config().withKvType(type));
        KvCache source = open(config().withKvType(type).withBlockSize(16));
        append(target, 8);
        append(source, AttentionMask.of(new int[][] {{1, 1, 1, 1, 1}, {0, 1, 0, 1, 1}, {1, 1, 1, 1, 1},
            {1, 1, 1, 1, 1}}), 3);
        KvGraft.appendTokens(target, 2, new KvGraft.Tokens(source, 1, 1, 3), KvGraft.KeyChange.NONE);
        assertThat(target.numTokens(2)).isEqualTo(10);
        assertThat(target.numTokens(1)).isEqualTo(8);
        for (int layer = 0; layer < LAYERS; layer++) {
            assertToken(target, new int[] {layer, 2, 7}, 0, 2, 7);
            assertToken(target, new int[] {layer, 2, 8}, 3, 1, 1);
            assertToken(target, new int[] {layer, 2, 9}, 3, 1, 2);
        }
        assertThat(target.numExactTokens(2)).isEqualTo(8);
        assertThat(target.numExactTokens(1)).isEqualTo(8);
    }

    @Test
    void appendTokens_changesKeysOnTheirWay() {
        KvCache target = open();
        append(target, 2);
        KvGraft.appendTokens(target, 0, new KvGraft.Tokens(target, 3, 0, 2),
                (layer, keys) -> keys.set(layer + 0.5f, 1, 4));
        assertThat(target.read(1, 0, true, 3, 0, 4)).isEqualTo(1.5f);
        assertThat(target.read(0, 0, true, 3, 0, 4)).isEqualTo(0.5f);
        assertThat(target.read(1, 0, false, 3, 0, 4)).isEqualTo(Numbers.at(0, false, 1, 3, 1, 0, 4));
    }

    @Test
    void replaceLayers_takesThoseLayersOnly() {
        KvCache target = open();
        KvCache source = open();
        append(target, 12);
        append(source, AttentionMask.ones(BATCH, 12), 5);
        KvGraft.replaceLayers(target, source, 1);
        for (int row = 0; row < BATCH; row++) {
            for (int position = 0; position < 12; position++) {
                assertToken(target, new int[] {0, row, position}, 0, row, position);
                assertToken(target, new int[] {1, row, position}, 5, row, position);
            }
            assertThat(target.numExactTokens(row)).isZero();
        }
        assertHolds(source, AttentionMask.ones(BATCH, 12), 5);
        target.reset();
        assertThat(target.isDerived()).isFalse();
    }

    @Test
    void replaceLayers_ofAWindow_takesWhatIsHeld() {
        KvCacheConfig windowed = config().withWindow(WINDOW).withMaxRewindTokens(3);
        KvCache target = open(windowed);
        KvCache source = open(config());
        append(target, 30);
        append(source, AttentionMask.ones(BATCH, 30), 5);
        KvGraft.replaceLayers(target, source, 0);
        for (int position = 22; position < 30; position++) {
            assertToken(target, new int[] {0, 1, position}, 5, 1, position);
            assertToken(target, new int[] {1, 1, position}, 0, 1, position);
        }
        assertThatIllegalArgumentException().isThrownBy(() -> KvGraft.replaceLayers(source, target, 1))
                .withMessage("source: layer 1 (window 6) has evicted position 0 of row 0, the target holds it");
        assertThatIllegalArgumentException().isThrownBy(() -> KvGraft.appendTokens(source, 0,
                new KvGraft.Tokens(target, 0, 20, 24), KvGraft.KeyChange.NONE))
                .withMessage("tokens: layer 0 (window 6) has evicted position 20 of row 0");
        assertHolds(source, AttentionMask.ones(BATCH, 30), 5);
    }

    @Test
    void addRows_sharesBlocksOfRowsOfTheSamePool() {
        try (KvPool pool = new KvPool(config()); KvCache target = pool.newCache(2); KvCache source = pool.newCache(3)) {
            append(target, 7);
            append(source, AttentionMask.of(new int[][] {{1, 1, 1}, {0, 1, 1}, {1, 1, 1}}), 4);
            long heldBytes = pool.heldBytes();
            KvGraft.addRows(target, source, 1, 0);
            assertThat(pool.heldBytes()).isEqualTo(heldBytes);
            assertThat(target.batchSize()).isEqualTo(4);
            assertThat(target.previousAttentionMask().toString()).isEqualTo("[4, 7] 1111111 1111111 0110000 1110000");
            assertThat(target.numExactTokens(0)).isEqualTo(7);
            assertThat(target.numExactTokens(2)).isZero();
            append(target, 2);
            assertToken(target, new int[] {1, 2, 1}, 4, 1, 1);
            assertToken(target, new int[] {1, 2, 3}, 0, 2, 3);
            assertToken(target, new int[] {1, 3, 2}, 4, 0, 2);
            assertThat(source.numTokens(1)).isEqualTo(2);
            pool.checkIntegrity();
        }
    }

    @Test
    void grafts_ofTheWrongKind_areRefused() {
        KvCache target = open();
        append(target, 5);
        KvCache other = open(KvCacheConfig.of(new KvShape(LAYERS, KV_HEADS, HEAD_DIM + 1), BATCH));
        KvCache longer = open();
        append(longer, 6);
        assertThatIllegalArgumentException().isThrownBy(() -> KvGraft.replaceLayers(target, other, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> KvGraft.replaceLayers(target, longer, 0))
                .withMessage("source: row 0 holds 6 tokens, the target 5");
        assertThatIllegalArgumentException().isThrownBy(() -> KvGraft.addRows(target, longer, 0))
                .withMessage("source: a cache of another pool; open both from one KvPool");
        assertThatIllegalArgumentException().isThrownBy(() -> new KvGraft.Tokens(longer, 0, 2, 7))
                .withMessage("tokens: [2, 7), row 0 holds 6 tokens");
        assertThatThrownBy(() -> new KvGraft.Tokens(longer, BATCH, 0, 1))
                .hasMessage("row: " + BATCH + ", must be in [0, " + BATCH + ")");
        assertThatThrownBy(() -> KvGraft.replaceLayers(target, longer, -1))
                .hasMessage("layer: -1, must be in [0, " + LAYERS + ")");
        target.freeze();
        assertThatIllegalStateException().isThrownBy(() -> KvGraft.appendTokens(target, 0,
                new KvGraft.Tokens(longer, 0, 2, 4), KvGraft.KeyChange.NONE));
        assertHolds(target, AttentionMask.ones(BATCH, 5), 0);
    }

    @Test
    void detach_outlivesTheCache() {
        KvCache cache = new KvCache(config());
        append(cache, 6);
        Tensor keys;
        try (PastTensor past = cache.entry(1).pastKeys()) {
            keys = past.detach(Arena.ofAuto());
        }
        cache.close();
        assertThat(keys.get(3, 5, 2, 6)).isEqualTo(Numbers.at(0, true, 1, 3, 5, 2, 6));
    }
}
