package io.github.pastkv.kernels.onednn;

import io.github.pastkv.kernels.weights.QuantizedRow;
import io.github.pastkv.kernels.weights.WeightMatrices;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * The weights of a slice. Weights of a single part are packed in place; those of several parts, or those yet to be
 * quantized, go through a buffer of rows.
 */
final class SliceSource {
    private final List<WeightMatrix> parts;
    private final NumberKind kind;
    private final int numInputs;

    SliceSource(List<WeightMatrix> parts, NumberKind kind, int numInputs) {
        this.parts = parts;
        this.kind = kind;
        this.numInputs = numInputs;
    }

    /** Packs the outputs from {@code fromOutput} on; scales, where there are any, are written at their output. */
    void pack(SliceKernel kernel, int fromOutput, long target, MemorySegment scales) {
        int numOutputs = kernel.shape().numOutputs();
        int partStart = 0;
        for (WeightMatrix part : parts) {
            Tensor weight = WeightMatrices.tensor(part);
            int partEnd = partStart + Math.toIntExact(weight.shape(0));
            boolean isInside = partStart <= fromOutput && fromOutput + numOutputs <= partEnd;
            boolean isAsStored = kind.isScaled() == part instanceof WeightMatrix.RowScaled;
            if (isInside && isAsStored && weight.segment().isNative()) {
                long first = (fromOutput - partStart) * weight.stride(0) * weight.dataType().bytes();
                putScales(part, fromOutput - partStart, numOutputs, scales, fromOutput);
                Packing.reorder(kernel, weight.segment().address() + first, weight.stride(0), weight.stride(1), target);
                return;
            }
            partStart = partEnd;
        }
        packThroughRows(kernel, fromOutput, target, scales);
    }

    private static void putScales(WeightMatrix part, int fromRow, int numRows, MemorySegment scales, int fromOutput) {
        if (part instanceof WeightMatrix.RowScaled scaled) {
            for (int i = 0; i < numRows; i++) {
                DataType.F32.write(scales, (long) (fromOutput + i) * Float.BYTES, scaled.scales().get(fromRow + i));
            }
        }
    }

    private void packThroughRows(SliceKernel kernel, int fromOutput, long target, MemorySegment scales) {
        int numOutputs = kernel.shape().numOutputs();
        long rowBytes = (long) numInputs * kind.weightBytes();
        MemorySegment rows = ThreadBuffers.ofThisThread().rows(numOutputs * rowBytes);
        QuantizedRow quantized = new QuantizedRow(kind.isScaled() ? numInputs : 0);
        int partStart = 0;
        for (WeightMatrix part : parts) {
            int partEnd = partStart + Math.toIntExact(part.numOutputs());
            int to = Math.min(fromOutput + numOutputs, partEnd);
            for (int output = Math.max(fromOutput, partStart); output < to; output++) {
                MemorySegment row = rows.asSlice((output - fromOutput) * rowBytes, rowBytes);
                if (kind.isScaled()) {
                    quantized.quantize(part, output - partStart);
                    MemorySegment.copy(quantized.numbers(), 0, row, ValueLayout.JAVA_BYTE, 0, numInputs);
                    DataType.F32.write(scales, (long) output * Float.BYTES, quantized.scale());
                } else {
                    copyRow(WeightMatrices.tensor(part), output - partStart, row);
                }
            }
            partStart = partEnd;
        }
        Packing.reorder(kernel, rows.address(), numInputs, 1, target);
    }

    private void copyRow(Tensor weight, long output, MemorySegment row) {
        DataType type = weight.dataType();
        long from = output * weight.stride(0) * type.bytes();
        if (weight.stride(1) == 1) {
            MemorySegment.copy(weight.segment(), from, row, 0, row.byteSize());
            return;
        }
        for (int input = 0; input < numInputs; input++) {
            float number = type.read(weight.segment(), from + input * weight.stride(1) * type.bytes());
            type.write(row, (long) input * type.bytes(), number);
        }
    }
}
