package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.CodePlane.PANEL_OUTPUTS;
import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.COUNT;
import static io.github.pastkv.kernels.vector.Lanes.INTS;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import io.github.pastkv.kernels.NativeMemory;
import io.github.pastkv.kernels.weights.GroupFormat;
import io.github.pastkv.kernels.weights.GroupFormat.Scales;
import io.github.pastkv.kernels.weights.GroupedRow;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Function;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * The scales, or the minimums, of grouped weights by panel and group. Floats are {@code [panel][group][4][lane]}; of 16
 * bits {@code [panel][group][2][lane]}, where an int holds the halves of two vectors; of two levels
 * {@code [panel][group][lane]}, where an int holds the factors of four vectors as bytes, and units as those of 16 bits.
 */
final class VectorGroupScales {
    private static final int HALF_SIGN_AND_NUMBER = 0x8FFFE000;
    /** What the exponent of a half has to grow by. */
    private static final float HALF_BIAS = 0x1p112f;

    private final Scales type;
    private final GroupFormat format;
    private final int numGroups;
    private final int numUnits;
    private final MemorySegment stored;
    private final MemorySegment units;

    VectorGroupScales(GroupFormat format, int numInputs, int numPanels, Arena arena) {
        this.type = format.scales();
        this.format = format;
        this.numGroups = format.numGroups(numInputs);
        this.numUnits = format.numUnits(numInputs);
        this.stored = NativeMemory.allocate(numPanels * panelBytes(), arena);
        this.units = NativeMemory.allocate(numPanels * unitBytes(), arena);
    }

    private long panelBytes() {
        return (long) numGroups * PANEL_OUTPUTS * type.bitsPerGroup() / Byte.SIZE;
    }

    private long unitBytes() {
        return (long) numUnits * PANEL_OUTPUTS * Short.BYTES;
    }

    /** Bytes of the floats of a panel. */
    long floatBytes() {
        return (long) numGroups * PANEL_OUTPUTS * Float.BYTES;
    }

    void put(GroupedRow[] rows, int numRows, int panel, Function<GroupedRow, GroupedRow.Scales> which) {
        int[] words = new int[Math.toIntExact(panelBytes() / Integer.BYTES)];
        int[] unitWords = new int[Math.toIntExact(unitBytes() / Integer.BYTES)];
        for (int row = 0; row < numRows; row++) {
            GroupedRow.Scales scales = which.apply(rows[row]);
            putGroups(scales, row, words);
            for (int unit = 0; unit < numUnits; unit++) {
                putHalf(unitWords, unit, row, scales.unit(unit));
            }
        }
        MemorySegment.copy(words, 0, stored, Lanes.INT, panel * panelBytes(), words.length);
        MemorySegment.copy(unitWords, 0, units, Lanes.INT, panel * unitBytes(), unitWords.length);
    }

    private void putGroups(GroupedRow.Scales scales, int row, int[] words) {
        switch (type) {
            case F32 -> {
                for (int group = 0; group < numGroups; group++) {
                    words[group * PANEL_OUTPUTS + row] = Float.floatToRawIntBits(scales.value(group));
                }
            }
            case F16, BF16 -> {
                for (int group = 0; group < numGroups; group++) {
                    putHalf(words, group, row, scales.value(group));
                }
            }
            case TWO_LEVEL -> {
                int shift = row / COUNT * Byte.SIZE;
                for (int group = 0; group < numGroups; group++) {
                    words[group * COUNT + row % COUNT] |= (scales.factor(group) & 0xFF) << shift;
                }
            }
        }
    }

    private void putHalf(int[] target, int index, int row, float number) {
        int vector = row / COUNT;
        target[(2 * index + vector / 2) * COUNT + row % COUNT] |=
                (type.toShort(number) & 0xFFFF) << (vector % 2 * Short.SIZE);
    }

    /** Whether they are floats already. */
    boolean areFloats() {
        return type == Scales.F32;
    }

    MemorySegment stored() {
        return stored;
    }

    /** First byte of the panel of {@code output}. */
    long panelByteOffset(int output) {
        return output / PANEL_OUTPUTS * panelBytes();
    }

    long byteSize() {
        return stored.byteSize() + (numUnits == 0 ? 0 : units.byteSize());
    }

    /** Writes the floats of the panel of {@code output} to {@code target}, {@code [group][4][lane]}. */
    void read(int output, MemorySegment target) {
        switch (type) {
            case F32 -> MemorySegment.copy(stored, panelByteOffset(output), target, 0, floatBytes());
            case F16 -> halves(stored, panelByteOffset(output), numGroups, target);
            case BF16 -> upperHalves(panelByteOffset(output), target);
            case TWO_LEVEL -> {
                long unitsByteOffset = output / PANEL_OUTPUTS * unitBytes();
                int groupsPerUnit = GroupFormat.UNIT_SIZE / format.groupSize();
                for (int group = 0; group < numGroups; group += groupsPerUnit) {
                    products(panelByteOffset(output), unitsByteOffset + 2L * format.unitOf(group) * BYTES, group,
                            Math.min(group + groupsPerUnit, numGroups), target);
                }
            }
        }
    }

    /** Exact: the product with a power of two also makes subnormal halves normal floats. */
    private static FloatVector half(IntVector upperBits) {
        return upperBits.lanewise(ASHR, 3).and(HALF_SIGN_AND_NUMBER).reinterpretAsFloats().mul(HALF_BIAS);
    }

    private static void halves(MemorySegment source, long from, int count, MemorySegment target) {
        for (long i = 0; i < 2L * count; i++) {
            IntVector two = IntVector.fromMemorySegment(INTS, source, from + i * BYTES, LITTLE_ENDIAN);
            half(two.lanewise(LSHL, Short.SIZE)).intoMemorySegment(target, 2 * i * BYTES, LITTLE_ENDIAN);
            half(two).intoMemorySegment(target, (2 * i + 1) * BYTES, LITTLE_ENDIAN);
        }
    }

    private void upperHalves(long from, MemorySegment target) {
        for (long i = 0; i < 2L * numGroups; i++) {
            IntVector two = IntVector.fromMemorySegment(INTS, stored, from + i * BYTES, LITTLE_ENDIAN);
            two.lanewise(LSHL, Short.SIZE).intoMemorySegment(target, 2 * i * BYTES, LITTLE_ENDIAN);
            two.and(0xFFFF0000).intoMemorySegment(target, (2 * i + 1) * BYTES, LITTLE_ENDIAN);
        }
    }

    private void products(long from, long unit, int fromGroup, int toGroup, MemorySegment target) {
        IntVector ab = IntVector.fromMemorySegment(INTS, units, unit, LITTLE_ENDIAN);
        IntVector cd = IntVector.fromMemorySegment(INTS, units, unit + BYTES, LITTLE_ENDIAN);
        FloatVector unitA = half(ab.lanewise(LSHL, Short.SIZE));
        FloatVector unitB = half(ab);
        FloatVector unitC = half(cd.lanewise(LSHL, Short.SIZE));
        FloatVector unitD = half(cd);
        for (long group = fromGroup; group < toGroup; group++) {
            IntVector four = IntVector.fromMemorySegment(INTS, stored, from + group * BYTES, LITTLE_ENDIAN);
            long to = 4 * group * BYTES;
            FloatVector a = (FloatVector) four.lanewise(LSHL, 24).lanewise(ASHR, 24).convert(I2F, 0);
            FloatVector b = (FloatVector) four.lanewise(LSHL, 16).lanewise(ASHR, 24).convert(I2F, 0);
            FloatVector c = (FloatVector) four.lanewise(LSHL, 8).lanewise(ASHR, 24).convert(I2F, 0);
            FloatVector d = (FloatVector) four.lanewise(ASHR, 24).convert(I2F, 0);
            unitA.mul(a).intoMemorySegment(target, to, LITTLE_ENDIAN);
            unitB.mul(b).intoMemorySegment(target, to + BYTES, LITTLE_ENDIAN);
            unitC.mul(c).intoMemorySegment(target, to + 2 * BYTES, LITTLE_ENDIAN);
            unitD.mul(d).intoMemorySegment(target, to + 3 * BYTES, LITTLE_ENDIAN);
        }
    }
}
