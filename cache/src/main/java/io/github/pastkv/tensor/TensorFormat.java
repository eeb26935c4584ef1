package io.github.pastkv.tensor;

import java.util.StringJoiner;
import java.util.stream.LongStream;

/** Prints a tensor as numpy's {@code array2string} does: brackets, columns, an ellipsis where there is too much. */
final class TensorFormat {
    private static final int THRESHOLD = 1000; // more numbers are summarized
    private static final int EDGE_ITEMS = 3; // shown at each end of a summarized axis
    private static final int LINE_WIDTH = 75;
    private static final long ELLIPSIS = -1;

    private final Tensor tensor;
    private final boolean summarized;
    private final NumberFormat numbers;

    TensorFormat(Tensor tensor, int precision) {
        if (precision < 0) {
            throw new IllegalArgumentException("precision: " + precision + ", must be at least 0");
        }
        this.tensor = tensor;
        this.summarized = tensor.numElements() > THRESHOLD;
        float[] shown = corners(tensor, 0).toFloatArray();
        this.numbers = tensor.dataType() == DataType.I8
                ? NumberFormat.ofIntegers(shown)
                : NumberFormat.ofFloats(shown, precision);
    }

    String format() {
        if (tensor.numElements() == 0) {
            return "[]";
        }
        return tensor.rank() == 0 ? numbers.format(tensor.get()) : part(new long[tensor.rank()], 0);
    }

    /** The numbers that are shown, as a tensor; only they decide widths. */
    private Tensor corners(Tensor part, int axis) {
        if (axis == part.rank()) {
            return part;
        }
        Tensor rest = corners(part, axis + 1);
        if (!isCut(axis)) {
            return rest;
        }
        long[] shape = rest.shape();
        long length = shape[axis];
        shape[axis] = 2 * EDGE_ITEMS;
        Tensor both = Tensor.zeros(shape);
        both.narrow(axis, 0, EDGE_ITEMS).copyFrom(rest.narrow(axis, 0, EDGE_ITEMS));
        both.narrow(axis, EDGE_ITEMS, 2 * EDGE_ITEMS).copyFrom(rest.narrow(axis, length - EDGE_ITEMS, length));
        return both;
    }

    private boolean isCut(int axis) {
        return summarized && tensor.shape(axis) > 2 * EDGE_ITEMS;
    }

    private long[] shownIndices(int axis) {
        long length = tensor.shape(axis);
        if (!isCut(axis)) {
            return LongStream.range(0, length).toArray();
        }
        LongStream start = LongStream.concat(LongStream.range(0, EDGE_ITEMS), LongStream.of(ELLIPSIS));
        return LongStream.concat(start, LongStream.range(length - EDGE_ITEMS, length)).toArray();
    }

    /** What {@code index} holds from an axis on; begins behind its own indent. */
    private String part(long[] index, int axis) {
        String indent = " ".repeat(axis + 1);
        int axesLeft = tensor.rank() - axis;
        if (axesLeft == 1) {
            return "[" + row(index, indent, LINE_WIDTH - axis - 1) + "]";
        }
        StringJoiner parts = new StringJoiner("\n".repeat(axesLeft - 1) + indent, "[", "]");
        for (long i : shownIndices(axis)) {
            index[axis] = i;
            parts.add(i == ELLIPSIS ? "..." : part(index, axis + 1));
        }
        return parts.toString();
    }

    /** A row of numbers, wrapped; {@code width} is without the bracket at its end. */
    private String row(long[] index, String indent, int width) {
        StringBuilder text = new StringBuilder();
        StringBuilder line = new StringBuilder(indent);
        for (long i : shownIndices(index.length - 1)) {
            index[index.length - 1] = i;
            String word = i == ELLIPSIS ? "..." : numbers.format(tensor.get(index));
            if (line.length() > indent.length() && line.length() + word.length() > width) {
                text.append(line.toString().stripTrailing()).append('\n');
                line = new StringBuilder(indent);
            }
            line.append(word).append(' ');
        }
        text.append(line, 0, line.length() - 1);
        return text.substring(indent.length());
    }
}
