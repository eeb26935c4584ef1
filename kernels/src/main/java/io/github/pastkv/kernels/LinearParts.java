package io.github.pastkv.kernels;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;

/** What every packing of {@link LinearPart}s needs. */
public final class LinearParts {
    /** Never started: a thread that owns no memory. */
    private static final Thread OTHER_THREAD = new Thread(() -> {});

    private LinearParts() {}

    /** The first weight, after checking that all have its type and inputs, and that {@code precision} can take them. */
    public static Tensor requireMatching(List<LinearPart> parts, LinearPrecision precision) {
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("parts: none, at least one is needed");
        }
        Tensor first = parts.getFirst().weight();
        for (LinearPart part : parts) {
            Tensor weight = part.weight();
            if (weight.dataType() != first.dataType() || weight.shape(1) != first.shape(1)) {
                throw new IllegalArgumentException("parts: " + weight + " beside " + first
                        + ", type and inputs must agree");
            }
        }
        if (first.dataType() == DataType.I8 && precision.weights() != WeightType.INT8) {
            throw new IllegalArgumentException(
                    "precision: " + precision + ", but the weights are integers with scales: " + first);
        }
        return first;
    }

    /** Outputs of all parts together. */
    public static int numOutputs(List<LinearPart> parts) {
        return Math.toIntExact(parts.stream().mapToLong(part -> part.weight().shape(0)).sum());
    }

    /**
     * Packs the rows of a part in ranges of {@code rowsPerRange}, on all processors where its memory and {@code target}
     * may be used by any thread.
     */
    public static void packRows(LinearPart part, MemorySegment target, int rowsPerRange, RowRange range) {
        int numRows = Math.toIntExact(part.weight().shape(0));
        IntStream ranges = IntStream.range(0, Math.ceilDiv(numRows, rowsPerRange));
        (areShared(List.of(part), target) ? ranges.parallel() : ranges).forEach(
                i -> range.pack(i * rowsPerRange, Math.min((i + 1) * rowsPerRange, numRows)));
    }

    /** Whether any thread may read the parts and write to {@code target}. */
    public static boolean areShared(List<LinearPart> parts, MemorySegment target) {
        return isShared(target) && parts.stream().allMatch(part -> isShared(part.weight().segment())
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
