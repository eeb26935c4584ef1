package io.github.pastkv.kernels.vector;

import io.github.pastkv.kernels.weights.GroupFormat.Integers;

/** Codes as the planes of grouped weights store them: signed ones have their sign bit inverted, to count from 0. */
final class GroupCodes {
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
        int others = 0;
        for (int i = 0; i < numbers.length; i++) {
            int code = numbers[i] + zero;
            others |= code;
            numbers[i] = (byte) code;
        }
        if (others >>> integers.bits() != 0) {
            for (byte code : numbers) {
                integers.code((byte) (code - zero)); // throws for the first that has none
            }
        }
    }
}
