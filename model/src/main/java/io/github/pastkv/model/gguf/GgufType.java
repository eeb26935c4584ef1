package io.github.pastkv.model.gguf;

import io.github.pastkv.kernels.weights.GroupFormat;
import io.github.pastkv.kernels.weights.GroupFormat.Integers;
import io.github.pastkv.kernels.weights.GroupFormat.Scales;
import io.github.pastkv.model.files.ModelFormatException;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How a tensor's numbers are stored. Those without a {@link #blocks} reader, apart from the three float types, are
 * known by name and size only.
 */
public enum GgufType {
    F32(0, 1, 4),
    F16(1, 1, 2),
    BF16(30, 1, 2),
    Q4_0(2, 32, 18, new GroupFormat(Integers.INT4, 32, false, Scales.F16), Blocks::q40, 0),
    Q4_1(3, 32, 20, new GroupFormat(Integers.UINT4, 32, true, Scales.F16), Blocks::q41, 0, 2),
    Q5_0(6, 32, 22, new GroupFormat(Integers.INT5, 32, false, Scales.F16), Blocks::q50, 0),
    Q5_1(7, 32, 24, new GroupFormat(Integers.UINT5, 32, true, Scales.F16), Blocks::q51, 0, 2),
    Q8_0(8, 32, 34, new GroupFormat(Integers.INT8, 32, false, Scales.F16), Blocks::q80, 0),
    Q2_K(10, 256, 84, new GroupFormat(Integers.UINT2, 16, true, Scales.TWO_LEVEL), Blocks::q2k, 80, 82),
    Q3_K(11, 256, 110, new GroupFormat(Integers.INT3, 16, false, Scales.TWO_LEVEL), Blocks::q3k, 108),
    Q4_K(12, 256, 144, new GroupFormat(Integers.UINT4, 32, true, Scales.TWO_LEVEL), Blocks::q4k, 0, 2),
    Q5_K(13, 256, 176, new GroupFormat(Integers.UINT5, 32, true, Scales.TWO_LEVEL), Blocks::q5k, 0, 2),
    Q6_K(14, 256, 210, new GroupFormat(Integers.INT6, 16, false, Scales.TWO_LEVEL), Blocks::q6k, 208),
    IQ4_NL(20, 32, 18, new GroupFormat(Integers.IQ4, 32, false, Scales.F16), Blocks::iq4nl, 0),
    IQ4_XS(23, 256, 136, new GroupFormat(Integers.IQ4, 32, false, Scales.TWO_LEVEL), Blocks::iq4xs, 0),
    MXFP4(39, 32, 17, new GroupFormat(Integers.FP4, 32, false, Scales.BF16), Blocks::mxfp4),
    Q8_1(9, 32, 36),
    Q8_K(15, 256, 292),
    IQ2_XXS(16, 256, 66),
    IQ2_XS(17, 256, 74),
    IQ3_XXS(18, 256, 98),
    IQ1_S(19, 256, 50),
    IQ3_S(21, 256, 110),
    IQ2_S(22, 256, 82),
    I8(24, 1, 1),
    I16(25, 1, 2),
    I32(26, 1, 4),
    I64(27, 1, 8),
    F64(28, 1, 8),
    IQ1_M(29, 256, 56),
    TQ1_0(34, 256, 54),
    TQ2_0(35, 256, 66),
    NVFP4(40, 64, 36);

    private final int number;
    private final int blockSize;
    private final int blockBytes;

    @SuppressWarnings("ImmutableEnumChecker") // a record of numbers
    private final @Nullable GroupFormat groups;

    @SuppressWarnings("ImmutableEnumChecker") // a function without state
    private final Blocks.@Nullable Reader blocks;

    @SuppressWarnings("ImmutableEnumChecker") // never handed out
    private final int[] halfOffsets;

    GgufType(int number, int blockSize, int blockBytes) {
        this(number, blockSize, blockBytes, null, null);
    }

    GgufType(int number, int blockSize, int blockBytes, @Nullable GroupFormat groups, Blocks.@Nullable Reader blocks,
            int... halfOffsets) {
        this.number = number;
        this.blockSize = blockSize;
        this.blockBytes = blockBytes;
        this.groups = groups;
        this.blocks = blocks;
        this.halfOffsets = halfOffsets;
    }

    static GgufType of(GgufCursor cursor, String tensor, int number) throws ModelFormatException {
        for (GgufType type : values()) {
            if (type.number == number) {
                return type;
            }
        }
        throw cursor.refusal("tensor " + tensor + " has type " + Integer.toUnsignedString(number) + ", known are "
                + Arrays.stream(values()).map(type -> type + " (" + type.number + ")")
                        .collect(Collectors.joining(", ")));
    }

    /** Its number in the file. */
    public int number() {
        return number;
    }

    /** Numbers of a block; a row is whole blocks. */
    public int blockSize() {
        return blockSize;
    }

    /** Bytes of so many numbers, which are whole blocks. */
    public long bytes(long numElements) {
        return numElements / blockSize * blockBytes;
    }

    /** Bytes of a block. */
    public int blockBytes() {
        return blockBytes;
    }

    /** Whether its numbers are floats as kernels read them: F32, F16 or BF16. */
    public boolean isFloat() {
        return this == F32 || this == F16 || this == BF16;
    }

    /** Whether its numbers are blocks of integers that can be read. */
    public boolean isGrouped() {
        return blocks != null;
    }

    /** Whether weights of this type can be read. */
    public boolean isSupported() {
        return isFloat() || isGrouped();
    }

    /** What its blocks come to, for people: such as "8-bit integers, groups of 32 with minimums". */
    public String describeGroups() {
        GroupFormat format = groups();
        return format.bits() + "-bit integers, groups of " + format.groupSize()
                + (format.hasMinimums() ? " with minimums" : "");
    }

    /** What its blocks come to as grouped integers. */
    GroupFormat groups() {
        return require(groups);
    }

    Blocks.Reader blocks() {
        return require(blocks);
    }

    /** Where in a block half-precision scales stand; the block is finite if they are. */
    int[] halfOffsets() {
        return halfOffsets.clone();
    }

    private <T> T require(@Nullable T part) {
        if (part == null) {
            throw new IllegalArgumentException("type: " + this + ", has no groups of integers");
        }
        return part;
    }
}
