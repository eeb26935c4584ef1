package io.github.pastkv.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvRangeException;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** No block shows numbers of an earlier holder, and no step can make a token part of a cache without its numbers. */
class StaleNumbersTest {
    private static final KvShape SHAPE = new KvShape(3, 2, 6);
    private static final int WIDTH = 12;
    private static final int NUM_TOKENS = 70; // more than a word of marks

    private static KvCacheConfig config(KvType keys, KvType values, int window, int blockSize) {
        KvCacheConfig config = KvCacheConfig.of(SHAPE, 1).withKvTypes(new KvTypes(keys, values))
                .withBlockSize(blockSize).withMaxRewindTokens(2);
        return config.withWindows(layer -> layer == 1 && window > 0 ? KvWindow.of(window) : KvWindow.NONE)
                .withMaxPoolBytes(2L * (NUM_TOKENS + blockSize) * config.bytesPerToken());
    }

    /** A pool whose blocks have all been held, full of 42. */
    private static KvPool usedPool(KvCacheConfig config) {
        KvPool pool = new KvPool(config);
        Tensor secret = filled(42, NUM_TOKENS);
        try (KvCache cache = pool.newCache(1); KvStep step = cache.beginStep(AttentionMask.ones(1, NUM_TOKENS))) {
            for (int layer = 0; layer < 3; layer++) {
                step.write(layer, secret, secret, 0, 0, NUM_TOKENS);
            }
            step.commit();
        }
        return pool;
    }

    private static Tensor filled(float number, int numTokens) {
        float[] numbers = new float[numTokens * WIDTH];
        Arrays.fill(numbers, number);
        return Tensor.of(numbers, numTokens, WIDTH);
    }

    @ParameterizedTest
    @CsvSource({"F32,F32,0,1", "F32,F32,0,16", "F16,F16,0,5", "BF16,BF16,0,16", "Q8,Q8,0,5", "Q8,F16,9,16",
        "F32,BF16,9,1",
        "BF16,Q8,9,32"})
    void reusedBlocks_areZeroUntilWritten(KvType keys, KvType values, int window, int blockSize) {
        try (KvPool pool = usedPool(config(keys, values, window, blockSize));
                KvCache cache = pool.newCache(1);
                KvStep step = cache.beginStep(AttentionMask.ones(1, NUM_TOKENS - 1))) {
            for (int layer = 0; layer < 3; layer++) {
                KvBlocks blocks = step.blocks(layer, 0);
                for (int block = 0; block < blocks.layout().numBlocks(NUM_TOKENS - 1); block++) {
                    byte[] bytes = blocks.segment(block)
                            .asSlice(blocks.blockByteOffset(block), blocks.layout().blockBytes())
                            .toArray(ValueLayout.JAVA_BYTE);
                    assertThat(bytes).as("layer %d, block %d", layer, block).containsOnly(0);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"F32,F32,0,1", "F16,F16,0,5", "BF16,BF16,9,16", "Q8,Q8,9,5"})
    void commit_ofAStepWithUnwrittenLayer_isRefusedNamingLayerAndRow(KvType keys, KvType values, int window,
            int blockSize) {
        try (KvPool pool = usedPool(config(keys, values, window, blockSize)); KvCache cache = pool.newCache(2)) {
            Tensor numbers = filled(1, 5);
            AttentionMask mask = AttentionMask.ofLengths(2, 3);
            try (KvStep step = cache.beginStep(mask)) {
                step.write(0, numbers, numbers, 0, 0, 5);
                step.write(1, numbers, numbers, 0, 0, 3);
                step.write(2, numbers, numbers, 0, 0, 5);
                assertThatThrownBy(step::commit).isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("layer 1").hasMessageContaining("position 1 of row 1");
                assertThat(cache.numSlots()).isZero();
                step.write(1, numbers, numbers, 3, 0, 2); // what was missing
                step.commit();
            }
            assertThat(cache.numTokens(1)).isEqualTo(3);
            assertThat(cache.entry(1).pastKeys().get(1, 2, 1, 5)).isCloseTo(1, offset(0.01f));
        }
    }

    @Test
    void commit_ofAFrozenStep_storesNothingAndNeedsNothing() {
        try (KvCache cache = new KvCache(config(KvType.F32, KvType.F32, 0, 3))) {
            cache.freeze();
            try (KvStep step = cache.beginStep(AttentionMask.ones(1, 2))) {
                step.commit();
            }
            assertThat(cache.numSlots()).isZero();
        }
    }

    @Test
    void marks_coverEachRangeAcrossWords() {
        WrittenTokens written = new WrittenTokens();
        for (int from : new int[] {0, 1, 63, 64, 65, 127, 128, 200}) {
            for (int to : new int[] {from + 1, from + 63, from + 64, from + 130}) {
                written.start(2, 400);
                written.mark(1, 0, from);
                written.mark(1, to, 400);
                assertThat(written.firstUnwritten(0)).isZero();
                assertThat(written.firstUnwritten(1)).isEqualTo(from);
                written.mark(1, from, to - 1);
                assertThat(written.firstUnwritten(1)).isEqualTo(to - 1);
                written.mark(1, to - 1, to);
                assertThat(written.firstUnwritten(1)).isEqualTo(400);
            }
        }
    }

    @Test
    void write_beyondTheRangeOfTheStorageType_isRefusedNamingLayerTypeAndNumber() {
        try (KvCache cache = new KvCache(config(KvType.F16, KvType.F16, 0, 3))) {
            Tensor good = filled(65504, 1);
            Tensor large = filled(65504, 1);
            large.set(-70000, 0, 7);
            try (KvStep step = cache.beginStep(AttentionMask.ones(1, 1))) {
                step.write(0, good, good, 0, 0, 1);
                assertThatThrownBy(() -> step.write(2, large, good, 0, 0, 1)).isInstanceOf(KvRangeException.class)
                        .hasMessageContaining("layer 2, row 0, position 0").hasMessageContaining("keys: 70000.0")
                        .hasMessageContaining("f16");
                assertThatThrownBy(() -> step.write(1, good, large, 0, 0, 1)).hasMessageContaining("values: 70000.0");
            }
            assertThat(cache.numSlots()).isZero();
        }
    }

    @Test
    void write_ofTheSameNumberInWiderTypes_isStored() {
        for (KvType type : new KvType[] {KvType.F32, KvType.BF16, KvType.Q8}) {
            try (KvCache cache = new KvCache(config(type, type, 0, 3))) {
                Tensor large = filled(70000, 1);
                try (KvStep step = cache.beginStep(AttentionMask.ones(1, 1))) {
                    for (int layer = 0; layer < 3; layer++) {
                        step.write(layer, large, large, 0, 0, 1);
                    }
                    step.commit();
                }
                assertThat(cache.entry(2).pastKeys().get(0, 0, 1, 3)).isCloseTo(70000,
                        offset(300f));
            }
        }
    }

    @Test
    void blockSize_thatTilesDoNotFill_isRefusedAtOnce() {
        assertThatThrownBy(() -> KvCacheConfig.of(SHAPE, 1).withBlockSize(17))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("blockSize: 17, above 16 it must be a multiple of 16");
    }
}
