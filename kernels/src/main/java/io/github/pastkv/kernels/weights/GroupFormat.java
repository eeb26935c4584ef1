package io.github.pastkv.kernels.weights;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Format of grouped integer weights, which covers the block formats of GGUF. Weights are kept as small in memory as
 * such blocks are on disk.
 *
 * @param integers what the numbers are and how many bits they take
 * @param groupSize neighboring inputs that share a scale, 16 or 32
 * @param hasMinimums whether each group also has a minimum, which is added to its weights
 * @param scales how scales and minimums are stored
 */
public record GroupFormat(Integers integers, int groupSize, boolean hasMinimums, Scales scales) {
    /** Inputs that share a unit where scales are {@link Scales#TWO_LEVEL}. */
    public static final int UNIT_SIZE = 256;

    /** The integers of a format. Each is stored as a code of {@link #bits}. */
    public enum Integers {
        /** In {@code [-128, 127]}. */
        INT8(8, true),
        /** In {@code [0, 15]}. */
        UINT4(4, false),
        /** In {@code [-8, 7]}. */
        INT4(4, true),
        /** In {@code [-32, 31]}. */
        INT6(6, true),
        /** In {@code [0, 31]}. */
        UINT5(5, false),
        /** In {@code [-16, 15]}. */
        INT5(5, true),
        /** In {@code [-4, 3]}. */
        INT3(3, true),
        /** In {@code [0, 3]}. */
        UINT2(2, false),
        /** The 16 integers of IQ4_NL and IQ4_XS, whose steps grow away from zero. */
        IQ4(new int[] {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}),
        /** FP4 (E2M1) doubled, as in MXFP4. */
        FP4(new int[] {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12});

        private static final short NO_CODE = -1;

        private final int bits;
        private final boolean isSigned;
        private final boolean isTable;

        @SuppressWarnings("ImmutableEnumChecker") // never handed out
        private final byte[] numberByCode;

        @SuppressWarnings("ImmutableEnumChecker") // never handed out
        private final short[] codeByNumber = new short[256];

        Integers(int bits, boolean isSigned) {
            this(bits, isSigned, false, numbers(bits, isSigned));
        }

        Integers(int[] numbers) {
            this(4, false, true, numbers);
        }

        Integers(int bits, boolean isSigned, boolean isTable, int[] numbers) {
            this.bits = bits;
            this.isSigned = isSigned;
            this.isTable = isTable;
            this.numberByCode = new byte[numbers.length];
            Arrays.fill(codeByNumber, NO_CODE);
            for (int code = numbers.length - 1; code >= 0; code--) {
                numberByCode[code] = (byte) numbers[code];
                codeByNumber[numbers[code] & 0xFF] = (short) code;
            }
        }

        private static int[] numbers(int bits, boolean isSigned) {
            int half = isSigned ? 1 << (bits - 1) : 0;
            return IntStream.range(0, 1 << bits).map(code -> (code ^ half) - half).toArray();
        }

        /** Bits of a stored number. */
        public int bits() {
            return bits;
        }

        /** Whether codes are two's complement. */
        public boolean isSigned() {
            return isSigned;
        }

        /** Whether codes stand for numbers of a table, rather than for themselves. */
        public boolean isTable() {
            return isTable;
        }

        /** The number that a code stands for. */
        public int number(int code) {
            return numberByCode[code];
        }

        /** The code of a number; throws {@link IllegalArgumentException} if it has none. */
        public int code(byte number) {
            int code = codeByNumber[number & 0xFF];
            if (code == NO_CODE) {
                throw new IllegalArgumentException("number: " + number + ", " + this + " holds " + describe());
            }
            return code;
        }

        private String describe() {
            return isTable ? Arrays.toString(numberByCode)
                    : isSigned ? -(1 << (bits - 1)) + " to " + ((1 << (bits - 1)) - 1)
                            : "0 to " + ((1 << bits) - 1);
        }
    }

    /** How scales and minimums are stored. */
    public enum Scales {
        /** A float for each group. */
        F32(32),
        /** A half for each group. */
        F16(16),
        /** The upper half of a float for each group. */
        BF16(16),
        /** A signed byte for each group, times a half for each {@link #UNIT_SIZE} inputs, as K-quants have them. */
        TWO_LEVEL(8);

        private final int bitsPerGroup;

        Scales(int bitsPerGroup) {
            this.bitsPerGroup = bitsPerGroup;
        }

        /** Bits for each group, units left out. */
        public int bitsPerGroup() {
            return bitsPerGroup;
        }

        /** The bits of a 16-bit scale; throws {@link IllegalArgumentException} if it is not of this type exactly. */
        public short toShort(float scale) {
            short bits = this == BF16 ? (short) (Float.floatToRawIntBits(scale) >>> 16) : Float.floatToFloat16(scale);
            if (Float.floatToRawIntBits(toFloat(bits)) != Float.floatToRawIntBits(scale)) {
                throw new IllegalArgumentException("scale: " + scale + ", is no number of "
                        + (this == BF16 ? BF16 : F16));
            }
            return bits;
        }

        /** The float that the bits of a 16-bit scale stand for. */
        public float toFloat(short bits) {
            return this == BF16 ? Float.intBitsToFloat(bits << 16) : Float.float16ToFloat(bits);
        }
    }

    public GroupFormat {
        if (groupSize != 16 && groupSize != 32) {
            throw new IllegalArgumentException("groupSize: " + groupSize + ", must be 16 or 32");
        }
    }

    /** Bits of a stored number. */
    public int bits() {
        return integers.bits();
    }

    /** Groups of a row of {@code numInputs} weights; the last may be shorter. */
    public int numGroups(int numInputs) {
        return Math.ceilDiv(numInputs, groupSize);
    }

    /** Units of a row of {@code numInputs} weights: 0 unless scales are {@link Scales#TWO_LEVEL}. */
    public int numUnits(int numInputs) {
        return scales == Scales.TWO_LEVEL ? Math.ceilDiv(numInputs, UNIT_SIZE) : 0;
    }

    /** The unit of a group. */
    public int unitOf(int group) {
        return group * groupSize / UNIT_SIZE;
    }
}
