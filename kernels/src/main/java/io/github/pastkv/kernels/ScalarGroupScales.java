package io.github.pastkv.kernels;

import io.github.pastkv.kernels.weights.GroupFormat;
import io.github.pastkv.kernels.weights.GroupedRow;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The scales, or the minimums, of grouped weights in their stored form, {@code [outputs, groups]}. */
final class ScalarGroupScales {
    private final GroupFormat format;
    private final int numGroups;
    private final int numUnits;
    private final MemorySegment stored;
    private final MemorySegment units;

    ScalarGroupScales(GroupFormat format, int numInputs, int numOutputs, Arena arena) {
        this.format = format;
        this.numGroups = format.numGroups(numInputs);
        this.numUnits = format.numUnits(numInputs);
        long bytes = (long) numOutputs * numGroups * format.scales().bitsPerGroup() / Byte.SIZE;
        this.stored = arena.allocate(Math.max(bytes, 1), Float.BYTES);
        this.units = arena.allocate(Math.max((long) numOutputs * numUnits * Short.BYTES, 1), Short.BYTES);
    }

    void put(GroupedRow.Scales row, int output) {
        for (int group = 0; group < numGroups; group++) {
            long index = (long) output * numGroups + group;
            switch (format.scales()) {
                case F32 -> stored.setAtIndex(ValueLayout.JAVA_FLOAT, index, row.value(group));
                case F16, BF16 -> stored.setAtIndex(ValueLayout.JAVA_SHORT, index,
                        format.scales().toShort(row.value(group)));
                case TWO_LEVEL -> stored.set(ValueLayout.JAVA_BYTE, index, row.factor(group));
            }
        }
        for (int unit = 0; unit < numUnits; unit++) {
            units.setAtIndex(ValueLayout.JAVA_SHORT, (long) output * numUnits + unit,
                    format.scales().toShort(row.unit(unit)));
        }
    }

    float get(int output, int group) {
        long index = (long) output * numGroups + group;
        return switch (format.scales()) {
            case F32 -> stored.getAtIndex(ValueLayout.JAVA_FLOAT, index);
            case F16, BF16 -> format.scales().toFloat(stored.getAtIndex(ValueLayout.JAVA_SHORT, index));
            case TWO_LEVEL -> unit(output, format.unitOf(group)) * stored.get(ValueLayout.JAVA_BYTE, index);
        };
    }

    private float unit(int output, int unit) {
        return format.scales().toFloat(units.getAtIndex(ValueLayout.JAVA_SHORT, (long) output * numUnits + unit));
    }

    long byteSize() {
        return stored.byteSize() + (numUnits == 0 ? 0 : units.byteSize());
    }
}
