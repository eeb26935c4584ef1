package io.github.pastkv.tensor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DataTypeTest {
    private static final int HALF_MANTISSA_BITS = 10;
    private static final int HALF_MIN_EXPONENT = -14;
    private static final double HALF_MAX = 65504;
    private static final int BFLOAT_MANTISSA_BITS = 7;
    private static final double BFLOAT_MAX = 0x1.FEp127;

    private final MemorySegment memory = MemorySegment.ofArray(new byte[16]);

    @Test
    void bytes_isTheSizeOfAnElement() {
        assertThat(DataType.F32.bytes()).isEqualTo(4);
        assertThat(DataType.F16.bytes()).isEqualTo(2);
        assertThat(DataType.BF16.bytes()).isEqualTo(2);
    }

    @Test
    void read_ofEveryHalf_isItsValue() {
        for (int bits = 0; bits < 0x1_0000; bits++) {
            putBits(bits);
            assertSame(DataType.F16.read(memory, 1), (float) halfValue(bits), bits);
        }
    }

    @Test
    void write_ofEveryHalf_givesItsBitsBack() {
        for (int bits = 0; bits < 0x1_0000; bits++) {
            putBits(bits);
            float value = DataType.F16.read(memory, 1);
            DataType.F16.write(memory, 1, value);
            if (Float.isNaN(value)) {
                assertThat(DataType.F16.read(memory, 1)).isNaN();
            } else {
                assertThat(bitsThere()).isEqualTo(bits);
            }
        }
    }

    @Test
    void write_ofEveryBfloat_givesItsBitsBack() {
        for (int bits = 0; bits < 0x1_0000; bits++) {
            putBits(bits);
            float value = DataType.BF16.read(memory, 1);
            assertThat(Float.floatToRawIntBits(value)).isEqualTo(bits << 16);
            DataType.BF16.write(memory, 1, value);
            if (Float.isNaN(value)) {
                assertThat(DataType.BF16.read(memory, 1)).isNaN();
            } else {
                assertThat(bitsThere()).isEqualTo(bits);
            }
        }
    }

    @Test
    void round_betweenTwoHalves_goesToTheNearestAndTiesToEven() {
        for (int bits = 0; bits < 0x7C00; bits++) {
            float low = (float) halfValue(bits);
            float high = bits == 0x7BFF ? 65536 : (float) halfValue(bits + 1);
            float middle = (low + high) / 2; // exact: one bit more than a half has
            for (float value : new float[] {Math.nextDown(middle), middle, Math.nextUp(middle)}) {
                assertHalf(value);
                assertHalf(-value);
            }
        }
    }

    @Test
    void round_betweenTwoBfloats_goesToTheNearestAndTiesToEven() {
        for (int bits = 0; bits < 0x7F80; bits++) {
            for (int lower : new int[] {0x7FFF, 0x8000, 0x8001}) {
                float value = Float.intBitsToFloat((bits << 16) | lower);
                assertBfloat(value);
                assertBfloat(-value);
            }
        }
    }

    @Test
    void round_ofRandomFloats_agreesWithExactArithmetic() {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 300_000; i++) {
            float value = Float.intBitsToFloat(random.nextInt());
            assertHalf(value);
            assertBfloat(value);
            assertSame(DataType.F32.round(value), value, i);
        }
    }

    @Test
    void round_beyondTheLargest_isInfinite() {
        assertThat(DataType.F16.round(65519.99f)).isEqualTo(65504);
        assertThat(DataType.F16.round(65520)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(DataType.F16.round(-65520)).isEqualTo(Float.NEGATIVE_INFINITY);
        assertThat(DataType.BF16.round(Float.MAX_VALUE)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(DataType.BF16.round(-Float.MAX_VALUE)).isEqualTo(Float.NEGATIVE_INFINITY);
        assertThat(DataType.BF16.round((float) BFLOAT_MAX)).isEqualTo((float) BFLOAT_MAX);
    }

    @Test
    void round_ofNanWithLowBitsOnly_staysNan() {
        for (int bits : new int[] {0x7F80_0001, 0xFF80_0001, 0x7FFF_FFFF, 0x7FC0_0000}) {
            assertThat(DataType.F16.round(Float.intBitsToFloat(bits))).isNaN();
            assertThat(DataType.BF16.round(Float.intBitsToFloat(bits))).isNaN();
        }
    }

    @ParameterizedTest
    @EnumSource
    void round_isWhatReadGivesAfterWrite(DataType type) {
        SplittableRandom random = new SplittableRandom(2);
        for (int i = 0; i < 10_000; i++) {
            float value = Float.intBitsToFloat(random.nextInt());
            type.write(memory, 3, value);
            assertSame(type.read(memory, 3), type.round(value), i);
        }
    }

    @Test
    void write_ofI8_takesTheNearestInteger() {
        float[] values = {2.5f, -3.5f, 127.4f, 300, -1e9f, Float.NaN, -0.2f};
        float[] stored = {2, -4, 127, 127, -128, 0, 0};
        for (int i = 0; i < values.length; i++) {
            DataType.I8.write(memory, 3, values[i]);
            assertSame(DataType.I8.read(memory, 3), stored[i], i);
        }
    }

    @Test
    void write_atAnOddOffset_isLittleEndianAndTouchesNothingElse() {
        DataType.F32.write(memory, 1, Float.intBitsToFloat(0x0403_0201));
        assertThat(memory.toArray(JAVA_BYTE)).startsWith(0, 1, 2, 3, 4, 0);
        memory.fill((byte) 0);
        DataType.BF16.write(memory, 3, Float.intBitsToFloat(0x0201_0000));
        assertThat(memory.toArray(JAVA_BYTE)).startsWith(0, 0, 0, 1, 2, 0);
        DataType.F16.write(memory, 5, 1.5f); // 0x3E00
        assertThat(memory.toArray(JAVA_BYTE)).startsWith(0, 0, 0, 1, 2, 0, 0x3E, 0);
    }

    private void putBits(int bits) {
        memory.set(JAVA_BYTE, 1, (byte) bits);
        memory.set(JAVA_BYTE, 2, (byte) (bits >> 8));
    }

    private int bitsThere() {
        return (memory.get(JAVA_BYTE, 1) & 0xFF)
                | ((memory.get(JAVA_BYTE, 2) & 0xFF) << 8);
    }

    private static void assertHalf(float value) {
        double expected = rounded(value, HALF_MANTISSA_BITS, HALF_MIN_EXPONENT, HALF_MAX);
        assertSame(DataType.F16.round(value), (float) expected, Float.floatToRawIntBits(value));
    }

    private static void assertBfloat(float value) {
        double expected = rounded(value, BFLOAT_MANTISSA_BITS, Float.MIN_EXPONENT, BFLOAT_MAX);
        assertSame(DataType.BF16.round(value), (float) expected, Float.floatToRawIntBits(value));
    }

    /** Equal with the sign of zero, and any NaN for a NaN. */
    private static void assertSame(float actual, float expected, int of) {
        assertThat(Float.floatToIntBits(actual)).as("of %08x", of).isEqualTo(Float.floatToIntBits(expected));
    }

    /** The value that the bits of a half stand for, field by field. */
    private static double halfValue(int bits) {
        double sign = (bits & 0x8000) == 0 ? 1 : -1;
        int exponent = (bits >> 10) & 0x1F;
        double mantissa = bits & 0x3FF;
        if (exponent == 0x1F) {
            return mantissa == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
        }
        return exponent == 0
                ? sign * Math.scalb(mantissa, HALF_MIN_EXPONENT - HALF_MANTISSA_BITS)
                : sign * Math.scalb(mantissa + 1024, exponent - 15 - HALF_MANTISSA_BITS);
    }

    /** Rounding by definition: in units of the last place, to the nearest integer, ties to even; exact in double. */
    private static double rounded(double value, int mantissaBits, int minExponent, double max) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return value;
        }
        double unit = Math.scalb(1.0, Math.max(Math.getExponent(value), minExponent) - mantissaBits);
        double nearest = Math.copySign(Math.rint(value / unit) * unit, value);
        return Math.abs(nearest) > max ? Math.copySign(Double.POSITIVE_INFINITY, value) : nearest;
    }
}
