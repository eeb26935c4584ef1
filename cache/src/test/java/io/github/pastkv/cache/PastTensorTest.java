package io.github.pastkv.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class PastTensorTest extends CacheTest {
    private static final AttentionMask HOLED =
            AttentionMask
                    .of(new int[][] {{0, 0, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 1}, {1, 0, 1, 0, 1, 1}, {1, 1, 0, 0, 0, 0}});

    private static int numHeld(KvCache cache) {
        return cache.group(0).pool().numHeld();
    }

    private static void assertUnchanged(PastTensor keys) {
        assertHolds(keys, HOLED, KvType.F32, 0, true, 1);
    }

    @Test
    void get_atAPad_isZero_andOutsideTheShapeRefused() {
        KvCache cache = open();
        append(cache, HOLED, 0);
        try (PastTensor keys = cache.entry(1).pastKeys()) {
            assertThat(keys.get(2, 1, 0, 0)).isZero();
            assertThat(keys.get(2, 2, 0, 0)).isEqualTo(Numbers.at(0, true, 1, 2, 1, 0, 0));
            assertThatThrownBy(() -> keys.get(4, 0, 0, 0)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> keys.get(0, 6, 0, 0)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> keys.get(0, 0, 3, 0)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> keys.get(0, 0, 0, -1)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void copyTo_roundsToTheTargetsType_andWantsItsShape() {
        KvCache cache = open();
        append(cache, HOLED, 0);
        try (PastTensor keys = cache.entry(0).pastKeys()) {
            Tensor target =
                    Numbers.as(DataType.BF16, Tensor.of(new float[BATCH * 6 * 21], BATCH, 6, KV_HEADS, HEAD_DIM));
            keys.copyTo(target);
            assertThat(target.get(0, 2, 1, 3)).isEqualTo(DataType.BF16.round(keys.get(0, 2, 1, 3)));
            assertThatIllegalArgumentException().isThrownBy(() -> keys.copyTo(target.transpose(2, 3)))
                    .withMessage("target: BF16[4, 6, 7, 3], source is [4, 6, 3, 7]");
        }
    }

    @Test
    void snapshot_copiesNothing() {
        KvCache cache = open();
        append(cache, HOLED, 0);
        int numHeld = numHeld(cache);
        long poolBytes = cache.group(0).pool().poolBytes();
        try (PastTensor keys = cache.entry(1).pastKeys(); PastTensor values = cache.entry(1).pastValues()) {
            assertThat(numHeld(cache)).isEqualTo(numHeld);
            assertThat(cache.group(0).pool().poolBytes()).isEqualTo(poolBytes);
            assertHolds(values, HOLED, KvType.F32, 0, false, 1);
            assertUnchanged(keys);
        }
    }

    @Test
    void snapshot_afterLaterAppends_isUnchanged() {
        KvCache cache = open();
        append(cache, HOLED, 0);
        try (PastTensor keys = cache.entry(1).pastKeys()) {
            for (int i = 0; i < 40; i++) {
                append(cache, 1);
            }
            assertUnchanged(keys);
            assertThat(numHeld(cache)).isEqualTo(numHeldAlone(46));
        }
    }

    /** What a cache with the same tokens holds that never lent any. */
    private int numHeldAlone(int numSlots) {
        KvCache cache = open();
        append(cache, HOLED, 0);
        append(cache, numSlots - HOLED.numSlots());
        return numHeld(cache);
    }

    @Test
    void snapshot_afterReset_isUnchangedAndKeepsItsBlocksOnly() {
        KvCache cache = open();
        append(cache, HOLED, 0);
        int numRead = numHeld(cache);
        try (PastTensor keys = cache.entry(1).pastKeys()) {
            append(cache, 20);
            cache.reset();
            assertThat(numHeld(cache)).isEqualTo(numRead);
            append(cache, AttentionMask.ones(BATCH, 9), 5);
            assertUnchanged(keys);
            cache.reset();
        }
        assertThat(numHeld(cache)).isZero();
    }

    @Test
    void snapshot_afterTruncateAndOtherTokens_isUnchanged() {
        for (int blockSize : new int[] {1, BLOCK_SIZE, 16, 64}) {
            KvCache cache = open(config().withBlockSize(blockSize));
            append(cache, HOLED, 0);
            try (PastTensor keys = cache.entry(1).pastKeys()) {
                for (int kept : new int[] {6, 3, 1, 0}) {
                    cache.truncate(kept);
                    append(cache, AttentionMask.ones(BATCH, 8), 7);
                    assertUnchanged(keys);
                }
            }
        }
    }

    @Test
    void snapshot_ofSharedRows_isUnchangedByTheirGrowingApart() {
        KvCache cache = open();
        append(cache, HOLED, 0);
        try (PastTensor keys = cache.entry(1).pastKeys()) {
            cache.selectRows(3, 3, 2, 1, 0, 0);
            append(cache, AttentionMask.ones(6, 3), 8);
            cache.selectRows(5, 0);
            assertUnchanged(keys);
        }
    }

    @Test
    void snapshot_afterTheCacheClosed_isUnchangedUntilItIsClosedItself() {
        KvCache cache = open();
        append(cache, HOLED, 0);
        PastTensor keys = cache.entry(1).pastKeys();
        PastTensor values = cache.entry(1).pastValues();
        cache.close();
        assertUnchanged(keys);
        keys.close();
        keys.close();
        assertHolds(values, HOLED, KvType.F32, 0, false, 1);
        assertThat(numHeld(cache)).isPositive();
        values.close();
        assertThat(numHeld(cache)).isZero();
        assertThatIllegalStateException().isThrownBy(() -> values.get(0, 2, 0, 0))
                .withMessageContaining("have been closed");
    }

    @Test
    void reset_afterALongerSnapshotWasClosed_keepsOnlyWhatIsStillRead() {
        KvCache cache = open(config().withBatchSize(1));
        append(cache, 4 * BLOCK_SIZE);
        cache.entry(0).pastKeys().close();
        cache.truncate(1);
        PastTensor shortOne = cache.entry(0).pastKeys();
        append(cache, 4 * BLOCK_SIZE);
        cache.reset();
        assertThat(numHeld(cache)).isEqualTo(1);
        shortOne.close();
        assertThat(numHeld(cache)).isZero();
    }

    @Test
    void snapshot_ofAnEmptyCache_isEmpty() {
        PastTensor keys = open().entry(0).pastKeys();
        assertThat(keys.shape()).containsExactly(BATCH, 0, KV_HEADS, HEAD_DIM);
        assertThat(keys.toFloatArray()).isEmpty();
        assertThatNoException().isThrownBy(keys::close);
    }

    @Test
    void snapshot_duringAStep_showsWhatWasThereBefore() {
        KvCache cache = open();
        append(cache, HOLED, 0);
        PastTensor keys;
        try (KvStep step = cache.beginStep(AttentionMask.ones(BATCH, 7))) {
            write(step, SHAPE, 4);
            keys = cache.entry(1).pastKeys();
            step.commit();
        }
        assertUnchanged(keys);
        keys.close();
    }

    @Test
    void forgottenSnapshots_letGoOfTheirBlocksInTheEnd() throws InterruptedException {
        KvCache cache = open();
        append(cache, HOLED, 0);
        for (int i = 0; i < 50; i++) {
            assertThat(cache.entry(i % LAYERS).pastKeys().shape(1)).isEqualTo(6);
        }
        cache.reset();
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (numHeld(cache) > 0 && System.nanoTime() < deadline) {
            System.gc();
            Thread.sleep(10);
        }
        assertThat(numHeld(cache)).isZero();
    }

    @Test
    void reading_onFourThreadsWhileTheCacheGrows_isUnchanged() throws Exception {
        KvCache cache = open();
        append(cache, HOLED, 0);
        try (PastTensor keys = cache.entry(1).pastKeys(); ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<?>> readers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                readers.add(threads.submit(() -> {
                    for (int j = 0; j < 20; j++) {
                        assertUnchanged(keys);
                    }
                }));
            }
            for (int i = 0; i < 200; i++) {
                append(cache, 1);
                if (i % 20 == 19) {
                    cache.truncate(3);
                }
            }
            for (Future<?> reader : readers) {
                reader.get();
            }
        }
    }
}
