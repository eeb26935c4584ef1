package io.github.pastkv.model.forward;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;

/** Rows of embedding tables, widened to F32. */
final class EmbeddingRows {
    private EmbeddingRows() {}

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
