package io.github.pastkv.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.github.pastkv.kernels.weights.GroupFormat.Integers;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** Codes as the planes of grouped weights store them: signed ones have their sign bit inverted, to count from 0. */
final class GroupCodes {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, LITTLE_ENDIAN);
    private static final long EACH_BYTE = 0x0101_0101_0101_0101L;
    private static final long SIGNS = 0x8080_8080_8080_8080L;

    private GroupCodes() {}

    /**
     * Puts codes in the place of numbers.
     *
     * @throws IllegalArgumentException for a number that the format does not have
     */
    static void replace(byte[] numbers, Integers integers) {
        if (integers.isTable()) {
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = (byte) integers.code(numbers[i]);
            }
            return;
        }
        int zero = integers.isSigned() ? 1 << (integers.bits() - 1) : 0;
        int whole = numbers.length / Long.BYTES * Long.BYTES;
        long others = 0;
        for (int i = 0; i < whole; i += Long.BYTES) {
            long codes = sums((long) LONGS.get(numbers, i), zero * EACH_BYTE);
            others |= codes;
            LONGS.set(numbers, i, codes);
        }
        for (int i = whole; i < numbers.length; i++) {
            numbers[i] += (byte) zero;
            others |= numbers[i] & 0xFF;
        }
        long upperBits = EACH_BYTE * (0xFF >>> integers.bits());
        if ((others >>> integers.bits() & upperBits) != 0) {
            for (byte code : numbers) {
                integers.code((byte) (code - zero)); // throws for the first that has none
            }
        }
    }

    /** The sums of each byte of x and y, without those of their carries. */
    private static long sums(long x, long y) {
        return ((x & ~SIGNS) + (y & ~SIGNS)) ^ ((x ^ y) & SIGNS);
    }
}
