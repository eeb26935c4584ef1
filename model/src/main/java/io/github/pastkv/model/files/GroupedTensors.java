package io.github.pastkv.model.files;

import io.github.pastkv.kernels.weights.GroupFormat;
import io.github.pastkv.kernels.weights.GroupedRow;
import io.github.pastkv.tensor.DataType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Grouped weights as tensors of a safetensors file: integers of 8 bits, I8 {@code [outputs, inputs]}, or of 4, U8
 * {@code [outputs, ceil(inputs / 2)]} with input 2i in the low half of byte i; scales, and minimums where there are
 * any, F16 {@code [outputs, groups]}. Outputs are the first axis in every family.
 *
 * @param format integers of 8 bits, or unsigned ones of 4; scales in F16
 * @param minimums null where the format has none
 */
public record GroupedTensors(GroupFormat format, MemorySegment numbers, MemorySegment scales,
        @Nullable MemorySegment minimums) {
    private static final int HALF_BITS = 4;
    private static final int HALF = 15;

    /** Memory for so many rows: integers in {@code arena}, scales and minimums as long as they are used. */
    public static GroupedTensors allocate(GroupFormat format, long numOutputs, int numInputs, Arena arena) {
        Arena scalesArena = Arena.ofAuto();
        long scaleBytes = numOutputs * format.numGroups(numInputs) * Short.BYTES;
        return new GroupedTensors(format, arena.allocate(numOutputs * rowBytes(format, numInputs)),
                scalesArena.allocate(scaleBytes, Short.BYTES),
                format.hasMinimums() ? scalesArena.allocate(scaleBytes, Short.BYTES) : null);
    }

    /** The type of the integers as safetensors files name it. */
    public static String dtype(GroupFormat format) {
        return format.bits() == Byte.SIZE ? "I8" : "U8";
    }

    /** The shape of the integers. */
    public static List<Long> shape(GroupFormat format, long numOutputs, int numInputs) {
        return List.of(numOutputs, rowBytes(format, numInputs));
    }

    /** The shape of scales and of minimums. */
    public static List<Long> scalesShape(GroupFormat format, long numOutputs, int numInputs) {
        return List.of(numOutputs, (long) format.numGroups(numInputs));
    }

    private static long rowBytes(GroupFormat format, int numInputs) {
        return format.bits() == Byte.SIZE ? numInputs : Math.ceilDiv(numInputs, 2);
    }

    /** Writes the row of {@code output}. Rows may be written by several threads. */
    public void put(GroupedRow row, long output) {
        int numInputs = row.numbers().length;
        long first = output * rowBytes(format, numInputs);
        if (format.bits() == Byte.SIZE) {
            MemorySegment.copy(row.numbers(), 0, numbers, ValueLayout.JAVA_BYTE, first, numInputs);
        } else {
            for (int input = 0; input < numInputs; input += 2) {
                int high = input + 1 < numInputs ? row.numbers()[input + 1] : 0;
                numbers.set(ValueLayout.JAVA_BYTE, first + input / 2,
                        (byte) (row.numbers()[input] | high << HALF_BITS));
            }
        }
        put(row.scales(), scales, output);
        if (minimums != null) {
            put(row.minimums(), minimums, output);
        }
    }

    private static void put(GroupedRow.Scales row, MemorySegment target, long output) {
        for (int group = 0; group < row.count(); group++) {
            DataType.F16.write(target, (output * row.count() + group) * Short.BYTES, row.value(group));
        }
    }

    /** Reads the row of {@code output}. */
    public void read(long output, GroupedRow row) {
        int numInputs = row.numbers().length;
        long first = output * rowBytes(format, numInputs);
        if (format.bits() == Byte.SIZE) {
            MemorySegment.copy(numbers, ValueLayout.JAVA_BYTE, first, row.numbers(), 0, numInputs);
        } else {
            for (int input = 0; input < numInputs; input++) {
                int pair = Byte.toUnsignedInt(numbers.get(ValueLayout.JAVA_BYTE, first + input / 2));
                row.numbers()[input] = (byte) (input % 2 == 0 ? pair & HALF : pair >> HALF_BITS);
            }
        }
        read(scales, output, row.scales());
        if (minimums != null) {
            read(minimums, output, row.minimums());
        }
    }

    private static void read(MemorySegment stored, long output, GroupedRow.Scales row) {
        for (int group = 0; group < row.count(); group++) {
            row.set(group, DataType.F16.read(stored, (output * row.count() + group) * Short.BYTES));
        }
    }
}
