package io.github.pastkv.kernels.weights;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The weights of one output as integers and a scale: weight k is about {@code scale * numbers[k]}. The scale is the
 * largest magnitude of the row divided by 127, so that it becomes 127 and every other an integer in {@code [-127,
 * 127]}, rounded to nearest, ties to even. A row of zeros has scale 0. Weights must be finite.
 *
 * <p>All kernels quantize with this class, so that they multiply equal integers. Reused from row to row; for one
 * thread.
 */
public final class QuantizedRow {
    private static final int LARGEST = 127;
    /** Adding and subtracting it rounds to an integer, faster than a call: 1.5 * 2^23. */
    private static final float ROUND_MAGIC = 0x1.8p23f;

    private final float[] weights;
    private final byte[] numbers;
    private float scale;

    /** For rows of {@code numInputs} weights. */
    public QuantizedRow(int numInputs) {
        this.weights = new float[numInputs];
        this.numbers = new byte[numInputs];
    }

    /** The integers; overwritten by the next {@link #quantize}. */
    public byte[] numbers() {
        return numbers;
    }

    /** The scale of the integers. */
    public float scale() {
        return scale;
    }

    /**
     * Quantizes one row of a part, of any type and strides; integers that already have a scale are copied.
     *
     * @throws IllegalArgumentException when a weight is infinite or not a number
     */
    public void quantize(WeightMatrix part, long row) {
        Tensor weight = WeightMatrices.tensor(part);
        if (part instanceof WeightMatrix.RowScaled scaled) {
            scale = scaled.scales().get(row);
            readNumbers(weight, row);
            return;
        }
        read(weight, row);
        float largest = 0f;
        for (float w : weights) {
            largest = Math.max(largest, Math.abs(w));
        }
        if (!Float.isFinite(largest)) {
            throw new IllegalArgumentException(
                    "weight: " + weight.typeAndShape() + " holds " + largest + " in row " + row
                            + ", int8 needs finite weights");
        }
        scale = largest / LARGEST;
        // A subnormal scale may be far from the quotient; such a row is treated as zero.
        float inverse = scale < Float.MIN_NORMAL ? 0f : 1f / scale;
        scale = inverse == 0f ? 0f : scale;
        for (int i = 0; i < weights.length; i++) {
            numbers[i] = (byte) (int) (weights[i] * inverse + ROUND_MAGIC - ROUND_MAGIC);
        }
    }

    private void readNumbers(Tensor weight, long row) {
        long step = weight.stride(1);
        long offset = row * weight.stride(0);
        if (step == 1) {
            MemorySegment.copy(weight.segment(), ValueLayout.JAVA_BYTE, offset, numbers, 0, numbers.length);
            return;
        }
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = weight.segment().get(ValueLayout.JAVA_BYTE, offset + i * step);
        }
    }

    private void read(Tensor weight, long row) {
        DataType type = weight.dataType();
        long step = weight.stride(1) * type.bytes();
        long offset = row * weight.stride(0) * type.bytes();
        MemorySegment segment = weight.segment();
        if (type == DataType.BF16 && weight.stride(1) == 1) {
            readBf16(segment, offset);
            return;
        }
        for (int i = 0; i < weights.length; i++) {
            weights[i] = type.read(segment, offset);
            offset += step;
        }
    }

    private void readBf16(MemorySegment segment, long offset) {
        for (int i = 0; i < weights.length; i++) {
            weights[i] = Float.intBitsToFloat(segment.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset + 2L * i) << 16);
        }
    }
}
