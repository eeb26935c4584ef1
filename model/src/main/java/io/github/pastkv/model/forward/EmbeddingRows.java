package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.weights.GroupedRow;
import io.github.pastkv.kernels.weights.WeightMatrices;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Rows of embedding tables, widened to F32. */
final class EmbeddingRows {
    private EmbeddingRows() {}

    /**
     * target[targetRow] = table[row] * scale, of floats or of integers with scales of groups.
     *
     * @param scratch for integers with scales of groups, see {@link #scratch}
     */
    static void copy(WeightMatrix table, @Nullable GroupedRow scratch, int row, float scale, Tensor target,
            int targetRow) {
        if (!(table instanceof WeightMatrix.Grouped grouped)) {
            copy(WeightMatrices.tensor(table), row, scale, target, targetRow);
            return;
        }
        GroupedRow numbers = Objects.requireNonNull(scratch);
        grouped.rows().read(row, numbers);
        int width = Math.toIntExact(table.numInputs());
        for (int i = 0; i < width; i++) {
            DataType.F32.write(target.segment(), ((long) targetRow * width + i) * Float.BYTES,
                    numbers.weight(i) * scale);
        }
    }

    /** Room for one row of grouped integers, for one thread; null where the table is of floats. */
    static @Nullable GroupedRow scratch(WeightMatrix table) {
        return table instanceof WeightMatrix.Grouped grouped
                ? new GroupedRow(grouped.format(), Math.toIntExact(grouped.numInputs()))
                : null;
    }

    /** target[targetRow] = table[row] * scale. */
    static void copy(Tensor table, int row, float scale, Tensor target, int targetRow) {
        DataType type = table.dataType();
        int width = (int) table.shape(1);
        for (int i = 0; i < width; i++) {
            float number = type.read(table.segment(), ((long) row * width + i) * type.bytes());
            DataType.F32.write(target.segment(), ((long) targetRow * width + i) * Float.BYTES, number * scale);
        }
    }

    /** target[targetRow] += table[row]. */
    static void add(Tensor table, int row, Tensor target, int targetRow) {
        DataType type = table.dataType();
        int width = (int) table.shape(1);
        for (int i = 0; i < width; i++) {
            float number = type.read(table.segment(), ((long) row * width + i) * type.bytes());
            long offset = ((long) targetRow * width + i) * Float.BYTES;
            DataType.F32.write(target.segment(), offset, DataType.F32.read(target.segment(), offset) + number);
        }
    }
}
