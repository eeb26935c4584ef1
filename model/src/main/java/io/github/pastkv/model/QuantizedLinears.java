package io.github.pastkv.model;

import io.github.pastkv.kernels.weights.GroupFormat;
import io.github.pastkv.kernels.weights.GroupQuantizer;
import io.github.pastkv.kernels.weights.GroupedRow;
import io.github.pastkv.kernels.weights.QuantizedRow;
import io.github.pastkv.kernels.weights.WeightMatrices;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.model.files.GroupedTensors;
import io.github.pastkv.model.files.SafetensorsWeights;
import io.github.pastkv.model.files.SafetensorsWriter;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Adds linear weights to a file as integers, quantized on all processors when they are written, followed by their
 * scales and minimums.
 *
 * @param onTensor called before each weight is quantized
 */
record QuantizedLinears(SafetensorsWriter writer, WeightType type, Runnable onTensor) {
    private static final int ROWS_PER_RANGE = 64;

    /**
     * Adds a weight of floats.
     *
     * @param shape that of its file, which INT8 keeps
     */
    void add(String name, WeightMatrix linear, List<Long> shape) {
        if (type.isGrouped()) {
            addGrouped(name, linear);
        } else {
            addInt8(name, linear, shape);
        }
    }

    private void addInt8(String name, WeightMatrix linear, List<Long> shape) {
        float[] scales = new float[Math.toIntExact(linear.numOutputs())];
        writer.add(name, "I8", shape, arena -> {
            onTensor.run();
            return int8Numbers(linear, scales, arena);
        });
        writer.add(name + SafetensorsWeights.SCALES_SUFFIX, Tensor.of(scales, scales.length));
    }

    /** Integers in the order of the original file. */
    private static MemorySegment int8Numbers(WeightMatrix linear, float[] scales, Arena arena) {
        Tensor weight = WeightMatrices.tensor(linear);
        int numInputs = Math.toIntExact(weight.shape(1));
        MemorySegment numbers = arena.allocate(weight.numElements());
        WeightMatrices.packRows(linear, numbers, ROWS_PER_RANGE, (fromRow, toRow) -> {
            QuantizedRow row = new QuantizedRow(numInputs);
            for (int output = fromRow; output < toRow; output++) {
                row.quantize(linear, output);
                scales[output] = row.scale();
                for (int input = 0; input < numInputs; input++) {
                    DataType.I8.write(numbers, output * weight.stride(0) + input * weight.stride(1),
                            row.numbers()[input]);
                }
            }
        });
        ModelFolder.letGo(linear);
        return numbers;
    }

    /** Scales and minimums are made with the integers, and kept until they are in the file. */
    private void addGrouped(String name, WeightMatrix linear) {
        GroupFormat format = GroupQuantizer.format(type);
        int numInputs = Math.toIntExact(linear.numInputs());
        List<Long> scalesShape = GroupedTensors.scalesShape(format, linear.numOutputs(), numInputs);
        AtomicReference<@Nullable MemorySegment> scales = new AtomicReference<>();
        AtomicReference<@Nullable MemorySegment> minimums = new AtomicReference<>();
        writer.add(name, GroupedTensors.dtype(format), GroupedTensors.shape(format, linear.numOutputs(), numInputs),
                arena -> {
                    onTensor.run();
                    GroupedTensors made = grouped(linear, arena);
                    scales.set(made.scales());
                    minimums.set(made.minimums());
                    return made.numbers();
                });
        addScales(name + SafetensorsWeights.SCALES_SUFFIX, scalesShape, scales);
        if (format.hasMinimums()) {
            addScales(name + SafetensorsWeights.MINIMUMS_SUFFIX, scalesShape, minimums);
        }
    }

    private void addScales(String name, List<Long> shape, AtomicReference<@Nullable MemorySegment> made) {
        writer.add(name, DataType.F16.name(), shape, _ -> Objects.requireNonNull(made.getAndSet(null)));
    }

    private GroupedTensors grouped(WeightMatrix linear, Arena arena) {
        WeightMatrix.Grouped quantized = (WeightMatrix.Grouped) GroupQuantizer.quantize(linear, type);
        int numInputs = Math.toIntExact(linear.numInputs());
        GroupedTensors tensors = GroupedTensors.allocate(quantized.format(), linear.numOutputs(), numInputs, arena);
        WeightMatrices.packRows(linear, tensors.numbers(), ROWS_PER_RANGE, (fromRow, toRow) -> {
            GroupedRow row = new GroupedRow(quantized.format(), numInputs);
            for (int output = fromRow; output < toRow; output++) {
                quantized.rows().read(output, row);
                tensors.put(row, output);
            }
        });
        ModelFolder.letGo(linear);
        return tensors;
    }
}
