package io.github.pastkv.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.KvCacheEntry.KeysValues;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.LazyTensor;
import io.github.pastkv.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FixedKvCacheTest {
    private static final int BATCH = 2;
    private static final int MAX_SEQ_LEN = 17;
    private static final int KV_HEADS = 3;
    private static final int HEAD_DIM = 7;

    private final FixedKvCache cache = new FixedKvCache(BATCH, MAX_SEQ_LEN, KV_HEADS, HEAD_DIM, DataType.F32);

    @AfterEach
    void checkAndClose() {
        cache.checkIntegrity();
        cache.close();
    }

    private static Tensor random(long seed, int numNew) {
        return Numbers.random(seed, BATCH, KV_HEADS, numNew, HEAD_DIM);
    }

    /** That the buffer holds these pieces one behind the other along S, and zeros beyond. */
    private static void assertBuffer(LazyTensor buffer, Tensor... pieces) {
        assertThat(buffer.shape()).containsExactly(BATCH, KV_HEADS, MAX_SEQ_LEN, HEAD_DIM);
        Tensor expected =
                Tensor.of(new float[BATCH * KV_HEADS * MAX_SEQ_LEN * HEAD_DIM], BATCH, KV_HEADS, MAX_SEQ_LEN, HEAD_DIM);
        long position = 0;
        for (Tensor piece : pieces) {
            piece.copyTo(expected.narrow(2, position, position + piece.shape(2)));
            position += piece.shape(2);
        }
        assertThat(buffer.toFloatArray()).isEqualTo(expected.toFloatArray());
    }

    @Test
    void new_isEmptyAndAllZero() {
        assertThat(cache.size()).isZero();
        assertThat(cache.maxSeqLen()).isEqualTo(MAX_SEQ_LEN);
        assertThat(cache.cacheBytes()).isZero();
        KeysValues buffers = cache.update(random(1, 0), random(2, 0));
        assertBuffer(buffers.keys());
        assertBuffer(buffers.values());
    }

    @Test
    void update_prefillThenOneToken_fillsConsecutivePositions() {
        Tensor keys = random(1, 8);
        Tensor values = random(2, 8);
        Tensor nextKeys = random(3, 1);
        Tensor nextValues = random(4, 1);
        KeysValues buffers = cache.update(keys, values);
        assertThat(cache.size()).isEqualTo(8);
        assertBuffer(buffers.keys(), keys);
        assertBuffer(buffers.values(), values);
        cache.update(nextKeys, nextValues);
        assertThat(cache.size()).isEqualTo(9);
        assertBuffer(buffers.keys(), keys, nextKeys);
        assertBuffer(buffers.values(), values, nextValues);
    }

    @Test
    void update_returnsTheSameLiveBuffersAtEachCall() {
        KeysValues first = cache.update(random(1, 3), random(2, 3));
        assertThat(first.keys().get(1, 2, 3, 4)).isZero();
        Tensor keys = random(3, 1);
        assertThat(cache.update(keys, random(4, 1))).isSameAs(first);
        assertThat(first.keys().get(1, 2, 3, 4)).isEqualTo(keys.get(1, 2, 0, 4));
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16"})
    void update_inEachType_givesItsNumbersBackBitForBit(DataType type) {
        try (FixedKvCache typed = new FixedKvCache(BATCH, MAX_SEQ_LEN, KV_HEADS, HEAD_DIM, type)) {
            Tensor keys = Numbers.as(type, random(1, 5));
            Tensor values = Numbers.as(type, random(2, 5));
            KeysValues buffers = typed.update(keys, values);
            assertBuffer(buffers.keys(), keys);
            assertBuffer(buffers.values(), values);
        }
    }

    @Test
    void update_ofAView_readsThroughItsStrides() {
        Tensor keys = Numbers.random(1, BATCH, 4, KV_HEADS, HEAD_DIM).transpose(1, 2);
        assertBuffer(cache.update(keys, keys).values(), keys);
    }

    @Test
    void update_exactlyToTheLimit_isAllowedAndThenFull() {
        Tensor keys = random(1, MAX_SEQ_LEN);
        KeysValues buffers = cache.update(keys, keys);
        assertThat(cache.size()).isEqualTo(MAX_SEQ_LEN);
        assertThatIllegalArgumentException().isThrownBy(() -> cache.update(random(2, 1), random(2, 1)))
                .withMessage("keys: 1 new positions would reach 18, the cache is configured for a maxSeqLen of 17");
        assertThatNoException().isThrownBy(() -> cache.update(random(2, 0), random(2, 0)));
        assertBuffer(buffers.keys(), keys);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8})
    void update_overTheLimit_namesBothNumbersAndChangesNothing(int filled) {
        Tensor keys = random(1, filled);
        KeysValues buffers = cache.update(keys, keys);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> cache.update(random(2, 18 - filled), random(2, 18 - filled)))
                .withMessageContaining("would reach 18").withMessageContaining("maxSeqLen of 17");
        assertThat(cache.size()).isEqualTo(filled);
        assertBuffer(buffers.keys(), keys);
        assertBuffer(buffers.values(), keys);
    }

    @Test
    void update_ofTooManyRows_namesBothNumbersAndChangesNothing() {
        Tensor keys = random(1, 4);
        KeysValues buffers = cache.update(keys, keys);
        Tensor rows = Numbers.random(2, 4 * BATCH, KV_HEADS, 1, HEAD_DIM);
        assertThatIllegalArgumentException().isThrownBy(() -> cache.update(rows, random(1, 1)))
                .withMessage("keys: 8 rows, the cache is configured for a batch of 2");
        assertThatIllegalArgumentException().isThrownBy(() -> cache.update(random(1, 1), rows))
                .withMessage("values: 8 rows, the cache is configured for a batch of 2");
        assertBuffer(buffers.keys(), keys);
    }

    @Test
    void update_ofFewerRows_isAnErrorAndNotABroadcast() {
        Tensor row = Numbers.random(1, 1, KV_HEADS, 1, HEAD_DIM);
        assertThatIllegalArgumentException().isThrownBy(() -> cache.update(row, row))
                .withMessage("keys: 1 rows, the cache is configured for a batch of 2");
        assertThat(cache.size()).isZero();
    }

    @Test
    void update_ofTooManyRowsAndTooLong_complainsOfTheRows() {
        Tensor both = Numbers.random(1, 3, KV_HEADS, 18, HEAD_DIM);
        assertThatIllegalArgumentException().isThrownBy(() -> cache.update(both, both))
                .withMessageContaining("3 rows");
    }

    @Test
    void update_ofOtherHeadsDimensionsTypeOrRank_isRefusedForKeysAndForValues() {
        Tensor good = random(1, 2);
        for (boolean ofKeys : new boolean[] {true, false}) {
            String name = ofKeys ? "keys" : "values";
            assertRefused(ofKeys, Numbers.random(1, BATCH, 1, 2, HEAD_DIM), good,
                    name + ": F32[2, 1, 2, 7], the cache is configured for 3 heads of 7");
            assertRefused(ofKeys, Numbers.random(1, BATCH, KV_HEADS, 2, 1), good,
                    name + ": F32[2, 3, 2, 1], the cache is configured for 3 heads of 7");
            assertRefused(ofKeys, Numbers.as(DataType.BF16, good), good,
                    name + ": BF16, the cache is configured for F32");
            assertRefused(ofKeys, Numbers.random(1, BATCH, KV_HEADS, HEAD_DIM), good,
                    name + ": F32[2, 3, 7], must be [B, H, S, D]");
        }
        assertThatIllegalArgumentException().isThrownBy(() -> cache.update(good, random(1, 3)))
                .withMessage("values: F32[2, 3, 3, 7], keys are F32[2, 3, 2, 7]");
        assertThat(cache.size()).isZero();
    }

    private void assertRefused(boolean asKeys, Tensor bad, Tensor good, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> cache.update(asKeys ? bad : good, asKeys ? good : bad)).withMessage(message);
    }

    @Test
    void reset_zeroesAndStartsAgain_overTheSameBuffers() {
        KeysValues buffers = cache.update(random(1, 9), random(2, 9));
        cache.reset();
        assertThat(cache.size()).isZero();
        assertBuffer(buffers.keys());
        assertBuffer(buffers.values());
        Tensor keys = random(3, 2);
        assertThat(cache.update(keys, keys)).isSameAs(buffers);
        assertBuffer(buffers.keys(), keys);
    }

    @Test
    void capacity_isALimitAndNotAReservation() {
        try (FixedKvCache immense = new FixedKvCache(1, Integer.MAX_VALUE, 128, 256, DataType.F32)) {
            Tensor token = Numbers.random(1, 1, 128, 1, 256);
            KeysValues buffers = immense.update(token, token);
            assertThat(immense.cacheBytes()).isEqualTo(16L * 2 * 128 * 256 * Float.BYTES);
            assertThat(buffers.keys().get(0, 127, 0, 255)).isEqualTo(token.get(0, 127, 0, 255));
            assertThat(buffers.keys().get(0, 127, Integer.MAX_VALUE - 1, 255)).isZero();
        }
    }

    @Test
    void buffers_outsideTheShape_areRefused() {
        LazyTensor keys = cache.update(random(1, 1), random(1, 1)).keys();
        assertThatThrownBy(() -> keys.get(BATCH, 0, 0, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> keys.get(0, KV_HEADS, 0, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> keys.get(0, 0, MAX_SEQ_LEN, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> keys.get(0, 0, 0, HEAD_DIM)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void new_withoutCapacity_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new FixedKvCache(2, 0, 3, 7, DataType.F32))
                .withMessage("maxSeqLen: 0, must be positive");
        assertThatIllegalArgumentException().isThrownBy(() -> new FixedKvCache(0, 5, 3, 7, DataType.F32))
                .withMessage("batchSize: 0, must be positive");
    }

    @Test
    void anyUse_afterClose_isAnIllegalState() {
        Tensor keys = random(1, 1);
        KeysValues buffers = cache.update(keys, keys);
        cache.close();
        List<Runnable> uses = List.of(cache::size, () -> cache.update(keys, keys),
                () -> cache.update(random(1, 0), random(1, 0)), cache::reset, cache::cacheBytes,
                () -> buffers.keys().get(0, 0, 0, 0), () -> buffers.values().get(0, 0, 16, 0));
        for (int i = 0; i < uses.size(); i++) {
            Runnable use = uses.get(i);
            assertThatIllegalStateException().as("use %d", i).isThrownBy(use::run).withMessage("the cache is closed");
        }
        assertThatNoException().isThrownBy(cache::close);
    }
}
