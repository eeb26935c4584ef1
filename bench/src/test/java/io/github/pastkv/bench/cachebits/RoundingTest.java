package io.github.pastkv.bench.cachebits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.pastkv.bench.cachebits.Rounding.Levels;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.TiledKvLayout;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RoundingTest {
    private static final int HEAD_DIM = 64;

    private static float[] randomHead(long seed) {
        Random random = new Random(seed);
        float[] head = new float[HEAD_DIM];
        for (int dim = 0; dim < HEAD_DIM; dim++) {
            head[dim] = (float) random.nextGaussian();
        }
        return head;
    }

    @Test
    void apply_ofEightBits_isWhatTheCacheStores() {
        TiledKvLayout layout = new TiledKvLayout(new KvShape(1, 1, HEAD_DIM), KvTypes.of(KvType.Q8), 1);
        for (int seed = 0; seed < 20; seed++) {
            float[] head = randomHead(seed);
            MemorySegment block = MemorySegment.ofArray(new byte[(int) layout.blockBytes()]);
            layout.writeKey(block, 0, 0, 0, 0, MemorySegment.ofArray(head), 0);
            new Rounding(8, 32, Levels.SYMMETRIC, false).apply(head);
            for (int dim = 0; dim < HEAD_DIM; dim++) {
                assertThat(head[dim]).isEqualTo(layout.readKey(block, 0, 0, 0, 0, dim));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Levels.class)
    void apply_withRotation_staysAsNearAsItsBits(Levels levels) {
        float[] exact = randomHead(7);
        float[] rough = exact.clone();
        float[] fine = exact.clone();
        new Rounding(4, 32, levels, true).apply(rough);
        new Rounding(12, 32, levels, true).apply(fine);
        assertThat(distance(exact, rough)).isBetween(0.2, 2.0);
        assertThat(distance(exact, fine)).isLessThan(0.02);
    }

    @Test
    void apply_fitted_isNearerThanByTheLargestMagnitude() {
        double symmetric = 0;
        double fitted = 0;
        for (int seed = 0; seed < 20; seed++) {
            float[] exact = randomHead(seed);
            float[] bySize = exact.clone();
            float[] byError = exact.clone();
            new Rounding(4, 32, Levels.SYMMETRIC, false).apply(bySize);
            new Rounding(4, 32, Levels.FITTED, false).apply(byError);
            symmetric += distance(exact, bySize);
            fitted += distance(exact, byError);
        }
        assertThat(fitted).isLessThan(symmetric);
    }

    private static double distance(float[] exact, float[] rounded) {
        double sum = 0;
        for (int dim = 0; dim < exact.length; dim++) {
            sum += Math.pow(exact[dim] - rounded[dim], 2);
        }
        return Math.sqrt(sum);
    }

    @Test
    void bitsPerElement_countsScalesAndMinimums() {
        assertThat(new Rounding(4, 32, Levels.SYMMETRIC, false).bitsPerElement(64)).isCloseTo(4.5, within(1e-9));
        assertThat(new Rounding(4, 16, Levels.FROM_MINIMUM, true).bitsPerElement(64)).isCloseTo(6, within(1e-9));
        assertThat(new Rounding(4, 32, Levels.SYMMETRIC, false).bitsPerElement(8)).isCloseTo(6, within(1e-9));
    }

    @Test
    void apply_rotatingAnOddHead_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Rounding(4, 32, Levels.SYMMETRIC, true).apply(new float[48]))
                .withMessage("head: 48 elements, must be a power of two to rotate");
    }
}
