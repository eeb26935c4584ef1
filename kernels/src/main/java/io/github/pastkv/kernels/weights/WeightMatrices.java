package io.github.pastkv.kernels.weights;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Helpers for packing a {@link WeightMatrix}. */
public final class WeightMatrices {
    /** Never started: a thread that owns no memory. */
    private static final Thread OTHER_THREAD = new Thread(() -> {});

    private WeightMatrices() {}

    /** The first matrix, after checking that all store the same with equal inputs, and that {@code precision} fits. */
    public static WeightMatrix requireMatching(List<WeightMatrix> parts, LinearPrecision precision) {
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("parts: none, at least one is needed");
        }
        WeightMatrix first = parts.getFirst();
        for (WeightMatrix part : parts) {
            if (!stored(part).equals(stored(first)) || part.numInputs() != first.numInputs()) {
                throw new IllegalArgumentException("parts: " + part + " beside " + first
                        + ", type and inputs must agree");
            }
        }
        boolean becomesInt8 = precision.weights() == WeightType.INT8;
        if (first instanceof WeightMatrix.RowScaled && !becomesInt8) {
            throw new IllegalArgumentException(
                    "precision: " + precision + ", but the weights are integers with scales: " + first);
        }
        if (first instanceof WeightMatrix.Grouped && becomesInt8) {
            throw new IllegalArgumentException("precision: " + precision
                    + ", but the weights are grouped integers, which are multiplied as stored: " + first);
        }
        return first;
    }

    /** Whether two matrices have the same type or group format, so that they can be packed as one. */
    public static boolean areStoredAlike(WeightMatrix first, WeightMatrix second) {
        return stored(first).equals(stored(second));
    }

    /** Data type or group format. */
    private static Object stored(WeightMatrix part) {
        return switch (part) {
            case WeightMatrix.Plain plain -> plain.weight().dataType();
            case WeightMatrix.RowScaled scaled -> scaled.weight().dataType();
            case WeightMatrix.Grouped grouped -> grouped.format();
        };
    }

    /**
     * The stored numbers, {@code [outputs, inputs]}.
     *
     * @throws IllegalArgumentException for grouped integers, which are read by row
     */
    public static Tensor tensor(WeightMatrix part) {
        return switch (part) {
            case WeightMatrix.Plain plain -> plain.weight();
            case WeightMatrix.RowScaled scaled -> scaled.weight();
            case WeightMatrix.Grouped grouped ->
                    throw new IllegalArgumentException("weight: " + grouped + ", must be floats or scaled by output");
        };
    }

    /** The type of stored floats; F32 for integers, which stand for products in F32. */
    public static DataType floatType(WeightMatrix part) {
        return part instanceof WeightMatrix.Plain plain ? plain.weight().dataType() : DataType.F32;
    }

    static void requireShapes(Tensor weight, @Nullable Tensor bias) {
        if (weight.rank() != 2) {
            throw new IllegalArgumentException("weight: " + weight.typeAndShape() + ", must be [outputs, inputs]");
        }
        if (bias != null) {
            requireForEachOutput("bias", bias, weight);
        }
    }

    static void requireForEachOutput(String name, Tensor tensor, Tensor weight) {
        if (tensor.rank() != 1 || tensor.shape(0) != weight.shape(0)) {
            throw new IllegalArgumentException(
                    name + ": " + tensor.typeAndShape() + ", weight is " + weight.typeAndShape());
        }
    }

    static @Nullable Tensor narrow(@Nullable Tensor bias, long from, long to) {
        return bias == null ? null : bias.narrow(0, from, to);
    }

    /** Outputs of all parts together. */
    public static int numOutputs(List<WeightMatrix> parts) {
        return Math.toIntExact(parts.stream().mapToLong(WeightMatrix::numOutputs).sum());
    }

    /**
     * Packs the rows of a part in ranges of {@code rowsPerRange}, on all processors where its memory and {@code target}
     * may be used by any thread.
     */
    public static void packRows(WeightMatrix part, MemorySegment target, int rowsPerRange, RowRange range) {
        int numRows = Math.toIntExact(part.numOutputs());
        IntStream ranges = IntStream.range(0, Math.ceilDiv(numRows, rowsPerRange));
        (areShared(List.of(part), target) ? ranges.parallel() : ranges).forEach(
                i -> range.pack(i * rowsPerRange, Math.min((i + 1) * rowsPerRange, numRows)));
    }

    /** Whether any thread may read the parts and write to {@code target}. */
    public static boolean areShared(List<WeightMatrix> parts, MemorySegment target) {
        return isShared(target) && parts.stream().allMatch(
                part -> (part instanceof WeightMatrix.Grouped || isShared(tensor(part).segment()))
                        && (part.bias() == null || isShared(part.bias().segment())));
    }

    private static boolean isShared(MemorySegment segment) {
        return segment.isAccessibleBy(OTHER_THREAD);
    }

    /** Packs rows {@code [fromRow, toRow)}. */
    @FunctionalInterface
    public interface RowRange {
        void pack(int fromRow, int toRow);
    }
}
