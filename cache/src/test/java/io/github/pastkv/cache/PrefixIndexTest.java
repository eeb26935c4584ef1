package io.github.pastkv.cache;

import static io.github.pastkv.cache.TextPool.NAMESPACE;
import static io.github.pastkv.cache.TextPool.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.cache.prefix.EvictionPriority;
import io.github.pastkv.cache.prefix.PrefixIndex;
import io.github.pastkv.cache.prefix.PrefixMissReason;
import io.github.pastkv.cache.prefix.PrefixStats;
import io.github.pastkv.tensor.Tensor;
import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Pins, priorities, times to live and counts of an index; texts of 6 tokens take two blocks of a pool of six. */
class PrefixIndexTest {
    private static final int[] A = text(100, 6);
    private static final int[] B = text(200, 6);
    private static final int[] C = text(300, 6);
    private static final int[] D = text(400, 6);

    @AutoClose private final TextPool texts = new TextPool(6);
    @AutoClose private final TextPool wide = new TextPool(100);

    @Test
    void withoutAnything_theOldestGoesFirst() {
        readAll(A, B, C);
        texts.read(D);
        assertThat(texts.numFindable(A)).isZero();
        assertThat(texts.numFindable(B)).isEqualTo(5);
    }

    private void readAll(int[]... each) {
        for (int[] text : each) {
            texts.read(text);
        }
    }

    @Test
    void pin_keepsAText_untilItIsClosed() {
        readAll(A, B, C);
        try (PrefixIndex.Pin pin = texts.index.pin(NAMESPACE, A)) {
            assertThat(pin.numTokens()).isEqualTo(6);
            texts.read(D);
            assertThat(texts.numFindable(A)).isEqualTo(5);
            assertThat(texts.numFindable(B)).as("the next oldest went instead").isZero();
        }
        readAll(B, C, D);
        assertThat(texts.numFindable(A)).isZero();
    }

    @Test
    void pin_twiceAndClosedTwice_countsEachOnce() {
        readAll(A, B, C);
        PrefixIndex.Pin first = texts.index.pin(NAMESPACE, A);
        try (PrefixIndex.Pin _ = texts.index.pin(NAMESPACE, A)) {
            first.close();
            first.close();
            readAll(D, B, C);
            assertThat(texts.numFindable(A)).isEqualTo(5);
        }
        readAll(D, B, C);
        assertThat(texts.numFindable(A)).isZero();
    }

    @Test
    void pin_ofWhatIsNotThere_keepsNothing() {
        try (PrefixIndex.Pin pin = texts.index.pin(NAMESPACE, A)) {
            assertThat(pin.numTokens()).isZero();
        }
    }

    @Test
    void pinnedTexts_leaveTheirRoomToNobody() {
        readAll(A, B);
        try (PrefixIndex.Pin _ = texts.index.pin(NAMESPACE, A); PrefixIndex.Pin _ = texts.index.pin(NAMESPACE, B)) {
            assertThatExceptionOfType(PoolExhaustedException.class).isThrownBy(() -> texts.read(text(0, 9)))
                    .withMessageContaining("evictable");
        }
        assertThat(texts.read(text(0, 9))).isZero();
    }

    @Test
    void cachedPrefixes_beyondTheirLimit_goThoughThereIsRoom() {
        try (TextPool few = new TextPool(100, KvPoolOptions.defaults().withMaxCachedBytes(3 * TextPool.BLOCK_BYTES))) {
            few.read(A);
            few.read(B);
            assertThat(few.pool.cachedBytes()).isEqualTo(3 * TextPool.BLOCK_BYTES);
            assertThat(few.numFindable(A)).as("its last block went").isEqualTo(3);
            assertThat(few.numFindable(B)).isEqualTo(5);
            try (KvCache running = few.open()) {
                TextPool.append(running, text(0, 30));
                assertThat(few.pool.cachedBytes()).as("what is held counts for nothing").isEqualTo(
                        3 * TextPool.BLOCK_BYTES);
                assertThat(few.numFindable(text(0, 30))).isEqualTo(29);
            }
            assertThat(few.numFindable(text(0, 30))).as("the beginning of the last text").isEqualTo(9);
            assertThat(few.numFindable(B)).isZero();
        }
    }

    @Test
    void cachedPrefixes_thatArePinned_stayBeyondTheirLimit() {
        try (TextPool none = new TextPool(100, KvPoolOptions.defaults().withMaxCachedBytes(0))) {
            none.read(A);
            assertThat(none.numFindable(A)).isZero();
            PrefixIndex.Pin pin;
            try (KvCache running = none.open()) {
                TextPool.append(running, A);
                pin = none.index.pin(NAMESPACE, A);
            }
            none.read(B);
            assertThat(none.numFindable(A)).isEqualTo(5);
            assertThat(none.numFindable(B)).isZero();
            pin.close();
            assertThat(none.numFindable(A)).isZero();
            assertThat(none.pool.cachedBytes()).isZero();
        }
    }

    @Test
    void setPriority_low_goesBeforeOlderOnes() {
        readAll(A, B, C);
        assertThat(texts.index.setPriority(NAMESPACE, C, EvictionPriority.LOW)).isEqualTo(6);
        texts.read(D);
        assertThat(texts.numFindable(C)).isZero();
        assertThat(texts.numFindable(A)).isEqualTo(5);
    }

    @Test
    void setPriority_high_goesAfterYoungerOnes() {
        readAll(A, B, C);
        texts.index.setPriority(NAMESPACE, A, EvictionPriority.HIGH);
        readAll(D, text(500, 6));
        assertThat(texts.numFindable(A)).isEqualTo(5);
        assertThat(texts.numFindable(B)).isZero();
        assertThat(texts.numFindable(C)).isZero();
        readAll(B, C, D);
        assertThat(texts.numFindable(A)).isEqualTo(5);
        texts.index.setPriority(NAMESPACE, A, EvictionPriority.NORMAL);
        readAll(text(600, 6), text(700, 6), text(800, 6));
        assertThat(texts.numFindable(A)).isZero();
    }

    @Test
    void setTimeToLive_overAndNotOver() {
        readAll(A, B, C);
        assertThat(texts.index.setTimeToLive(NAMESPACE, B, Duration.ofHours(1))).isEqualTo(6);
        assertThat(texts.index.setTimeToLive(NAMESPACE, C, Duration.ZERO)).isEqualTo(6);
        assertThat(texts.numFindable(B)).isEqualTo(5);
        assertThat(texts.index.explain(NAMESPACE, C).missReason()).isEqualTo(new PrefixMissReason.Expired());
        texts.read(D);
        assertThat(texts.numFindable(A)).as("what has expired goes before the oldest").isEqualTo(5);
        assertThat(texts.index.stats().numEvicted()).isEqualTo(2);
        assertThat(texts.index.setTimeToLive(NAMESPACE, C, Duration.ofHours(1))).as("it is gone").isZero();
    }

    @Test
    void stats_countLookupsOfStepsThatWentThrough() {
        readAll(A, A, text(100, 4));
        PrefixStats stats = texts.index.stats();
        assertThat(stats.numLookups()).isEqualTo(3);
        assertThat(stats.numHits()).isEqualTo(2);
        assertThat(stats.numTokensAsked()).isEqualTo(5 + 5 + 3);
        assertThat(stats.numTokensReused()).isEqualTo(5 + 3);
        assertThatExceptionOfType(PoolExhaustedException.class).isThrownBy(() -> texts.read(text(100, 19)));
        assertThat(texts.index.stats()).usingRecursiveComparison().comparingOnlyFields("numLookups", "numHits",
                "numTokensAsked", "numTokensReused").isEqualTo(stats);
    }

    @Test
    void grafts_neverEnter_theSameTokensReadDo() {
        wide.read(A);
        int[] joined = {100, 101, 102, 103, 300, 301, 302, 303, 7, 8, 9};
        try (KvCache cache = wide.open(); KvCache source = wide.open()) {
            TextPool.append(source, C);
            TextPool.append(cache, 100, 101, 102, 103);
            KvGraft.appendTokens(cache, 0, new KvGraft.Tokens(source, 0, 0, 4), KvGraft.KeyChange.NONE);
            TextPool.append(cache, 7, 8, 9);
        }
        assertThat(wide.numFindable(joined)).as("what is before the graft").isEqualTo(4);
        wide.read(joined);
        assertThat(wide.numFindable(joined)).as("the control").isEqualTo(10);
    }

    @Test
    void rowsAndLayersOfOtherCaches_neverEnter() {
        try (KvCache cache = wide.open(); KvCache source = wide.open()) {
            TextPool.append(source, C);
            TextPool.append(cache, A);
            KvGraft.replaceLayers(cache, source, 1);
            assertThat(cache.numExactTokens(0)).isZero();
            TextPool.append(cache, 7, 8, 9);
        }
        assertThat(wide.numFindable(100, 101, 102, 103, 104, 105, 7, 8, 9, 0)).as("read before it was edited")
                .isEqualTo(6);
    }

    @Test
    void anyUse_afterThePoolIsClosed_isRefused() {
        TextPool closed = new TextPool(6);
        closed.read(A);
        PrefixIndex.Pin pin = closed.index.pin(NAMESPACE, A);
        closed.close();
        pin.close();
        assertThatIllegalStateException().isThrownBy(() -> closed.index.pin(NAMESPACE, A))
                .withMessage("the pool of this index is closed");
        assertThatIllegalStateException().isThrownBy(() -> closed.index.clear());
        assertThatIllegalStateException().isThrownBy(() -> closed.numFindable(A));
        assertThat(closed.index.stats().cachedBytes()).isZero();
    }

    /**
     * Blocks of 16 in one layer group: at most 64 bytes a block in the pool and 160 in the index, none of them on the
     * heap.
     */
    @Test
    void bookkeepingBytes_stayWithinTheirBounds() {
        int numBlocks = 4096;
        KvCacheConfig config = KvCacheConfig.of(new KvShape(1, 1, 1), 1);
        long poolBytes = 16L * numBlocks * config.bytesPerToken();
        try (KvPool pool = new KvPool(config.withMaxPoolBytes(poolBytes), KvPoolOptions.defaults().withPrefixIndex())) {
            // each evicts the one before, the last of which is remembered
            for (int generation = 0; generation < 3; generation++) {
                try (KvCache cache = pool.newCache(pool.config(), NAMESPACE)) {
                    int[] ids = text(generation * 1_000_000, numBlocks * 16);
                    try (KvStep step = cache.beginStep(AttentionMask.ones(1, ids.length), ids, PrefixUse.STORE)) {
                        Tensor zeros = Tensor.of(new float[ids.length], ids.length, 1);
                        step.write(0, zeros, zeros, 0, 0, ids.length);
                        step.commit();
                    }
                }
            }
            PrefixStats stats = pool.prefixIndex().orElseThrow().stats();
            assertThat(stats.numEvicted()).isEqualTo(2L * numBlocks);
            assertThat(stats.numBlocks()).isEqualTo(numBlocks);
            // a root, which begins a segment of 512 records
            assertThat(stats.bookkeepingBytes()).isLessThanOrEqualTo((numBlocks + 512) * 160L)
                    .isGreaterThan(numBlocks * 100L);
            assertThat(pool.groups()[0].blocks().bookkeepingBytes()).isLessThanOrEqualTo(numBlocks * 64L);
        }
    }
}
