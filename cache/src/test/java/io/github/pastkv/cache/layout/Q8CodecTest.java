package io.github.pastkv.cache.layout;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rounding to integers with a scale, on numbers that can be worked out by hand. */
class Q8CodecTest {
    private static final long START = 3;
    private static final long STRIDE = 2;
    private static final long SCALE_START = 101;

    /** Integers and scale of one group. */
    private record Group(MemorySegment memory, int count) {
        static Group of(float... numbers) {
            Group group = new Group(MemorySegment.ofArray(new byte[128]), numbers.length);
            group.memory.fill((byte) 0x5A);
            Q8Codec.write(group.memory, START, STRIDE, SCALE_START, Tensor.of(numbers, numbers.length).segment(),
                    0, numbers.length);
            return group;
        }

        float scale() {
            return DataType.BF16.read(memory, SCALE_START);
        }

        byte[] integers() {
            byte[] integers = new byte[count];
            for (int i = 0; i < count; i++) {
                integers[i] = memory.get(ValueLayout.JAVA_BYTE, START + i * STRIDE);
            }
            return integers;
        }

        float[] read() {
            float[] numbers = new float[count];
            for (int i = 0; i < count; i++) {
                numbers[i] = Q8Codec.read(memory, START + i * STRIDE, SCALE_START);
            }
            return numbers;
        }
    }

    @Test
    void write_scalesTheLargestMagnitudeTo127_andRoundsTiesToEven() {
        Group group = Group.of(-127f, 0.5f, 1.5f, 2.5f, -3.5f, 0.4999f, 63f);
        assertThat(group.scale()).isEqualTo(1f);
        assertThat(group.integers()).containsExactly(-127, 0, 2, 2, -4, 0, 63);
        assertThat(group.read()).containsExactly(-127f, 0f, 2f, 2f, -4f, 0f, 63f);
    }

    /** 200 / 127 = 1.5748 lies between the BF16 numbers 1.5703125 and 1.578125, nearer to the latter. */
    @Test
    void write_roundsTheScaleToBf16_andNumbersByTheRoundedScale() {
        Group group = Group.of(200f, 100f);
        assertThat(group.scale()).isEqualTo(1.578125f);
        assertThat(group.integers()).containsExactly(127, 63);
        assertThat(group.read()).containsExactly(127 * 1.578125f, 63 * 1.578125f);
    }

    @Test
    void write_touchesItsIntegersAndScaleOnly() {
        Group group = Group.of(1f, 2f, 3f);
        byte[] bytes = group.memory.toArray(ValueLayout.JAVA_BYTE);
        for (int i : new int[] {0, 1, 2, 4, 6, 8, 9, 100, 103, 104}) {
            assertThat(bytes[i]).as("byte %d", i).isEqualTo((byte) 0x5A);
        }
    }

    @Test
    void read_isWithinHalfAScale_andTheLargestIsAlways127() {
        Random random = new Random(11);
        for (int run = 0; run < 2000; run++) {
            float[] numbers = new float[1 + random.nextInt(32)];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(60) - 30));
            }
            Group group = Group.of(numbers);
            float[] read = group.read();
            int largest = 0;
            for (int i = 0; i < numbers.length; i++) {
                largest = Math.max(largest, Math.abs(group.integers()[i]));
                assertThat(Math.abs((double) read[i] - numbers[i])).as("%s", Arrays.toString(numbers))
                        .isLessThanOrEqualTo(group.scale() * 0.5000001);
            }
            assertThat(largest).isEqualTo(127);
            assertThat(Group.of(read).read()).isEqualTo(read);
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void write_ofANumberThatIsNotFinite_makesTheWholeGroupNaN(float number) {
        assertThat(Group.of(1f, number, 0f).read()).containsOnly(Float.NaN);
        assertThat(Group.of(number).read()).containsOnly(Float.NaN);
    }

    @Test
    void write_ofZeros_readsAsPlusZero() {
        Group group = Group.of(0f, -0f);
        assertThat(group.scale()).isZero();
        assertThat(Float.floatToRawIntBits(group.read()[1])).isZero();
    }

    @Test
    void write_ofTheLargestFloats_staysFinite() {
        float[] read = Group.of(Float.MAX_VALUE, -Float.MAX_VALUE, 3.3e38f).read();
        assertThat(read[0]).isEqualTo(127 * 0x1.02p121f).isGreaterThan(3.4e38f - 0.01e38f);
        assertThat(read[1]).isEqualTo(-read[0]);
        assertThat(Group.of(read).read()).isEqualTo(read);
    }

    @Test
    void write_whereTheScaleWouldBeSubnormal_readsAsZeros() {
        assertThat(Group.of(127 * Float.MIN_NORMAL, Float.MIN_NORMAL).read())
                .containsExactly(127 * Float.MIN_NORMAL, Float.MIN_NORMAL);
        assertThat(Group.of(126 * Float.MIN_NORMAL, Float.MIN_NORMAL, -Float.MIN_VALUE).read()).containsOnly(0f);
    }
}
