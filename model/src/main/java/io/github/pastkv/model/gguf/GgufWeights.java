package io.github.pastkv.model.gguf;

import io.github.pastkv.kernels.GroupedRow;
import io.github.pastkv.kernels.WeightMatrix;
import io.github.pastkv.model.files.FiniteFloats;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.TensorEntry;
import io.github.pastkv.model.files.WeightSource;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The tensors of GGUF files under Hugging Face's names, in its order of rows. Blocks of integers stay as they are in
 * linear layers, and become F32 elsewhere; floats whose rows a converter moved are copied.
 *
 * <p>Owns the files and the copies until {@link #close}. Safe for any number of threads.
 */
final class GgufWeights implements WeightSource {
    private final GgufTensors files;
    private final RowOrder.Heads heads;
    private final Map<String, Placed> tensors = new LinkedHashMap<>();
    private final Arena copies = Arena.ofShared();

    private record Placed(GgufFile file, GgufTensor tensor, TensorNames.Place place) {}

    GgufWeights(GgufTensors files, TensorNames names, RowOrder.Heads heads) throws ModelFormatException {
        this.files = files;
        this.heads = heads;
        for (GgufTensors.Located located : files.all()) {
            String fileName = located.tensor().name();
            if (RopeMetadata.isSetting(fileName)) {
                continue;
            }
            TensorNames.Place place = names.place(fileName);
            if (tensors.put(place.name(), new Placed(located.file(), located.tensor(), place)) != null) {
                throw new ModelFormatException(located.file().path(),
                        "tensor " + fileName + ": is there under another name too");
            }
        }
    }

    @Override
    public Path location() {
        return files.files().getFirst().path();
    }

    @Override
    public Set<String> names() {
        return Set.copyOf(tensors.keySet());
    }

    @Override
    public Path fileOf(String name) {
        Placed placed = tensors.get(name);
        return placed == null ? location() : placed.file.path();
    }

    @Override
    public Optional<TensorEntry> entry(String name) {
        return Optional.ofNullable(tensors.get(name)).map(placed -> {
            GgufTensor tensor = placed.tensor;
            return new TensorEntry(name, tensor.type().name(), tensor.shape(), tensor.byteOffset(),
                    tensor.byteOffset() + tensor.numBytes());
        });
    }

    @Override
    public Tensor tensor(String name, long... shape) throws ModelFormatException {
        Placed placed = require(name, shape);
        if (placed.tensor.type().isGrouped()) {
            return dequantized(placed, shape);
        }
        Tensor stored = reordered(placed, shape);
        return placed.place.plusOne() ? lessOne(stored) : stored;
    }

    /** F32, row by row. */
    private Tensor dequantized(Placed placed, long... shape) {
        Tensor target = Tensor.allocate(copies, DataType.F32, shape);
        long rowLength = placed.tensor.rowLength();
        GroupedRow row = new GroupedRow(placed.tensor.type().groups(), Math.toIntExact(rowLength));
        GroupedRow.Source rows = placed.file.rows(placed.tensor);
        for (long i = 0; i < placed.tensor.numElements() / rowLength; i++) {
            rows.read(i, row);
            for (int input = 0; input < rowLength; input++) {
                DataType.F32.write(target.segment(), Float.BYTES * (i * rowLength + input), row.weight(input));
            }
        }
        return target;
    }

    private static Tensor lessOne(Tensor stored) {
        float[] numbers = stored.toFloatArray();
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] -= 1f;
        }
        return Tensor.of(numbers, stored.shape());
    }

    @Override
    public WeightMatrix linear(String name, Layout layout, int outputs, int inputs) throws ModelFormatException {
        Placed placed = require(name, outputs, inputs);
        if (!placed.tensor.type().isGrouped()) {
            return new WeightMatrix.Plain(reordered(placed, outputs, inputs), null);
        }
        GroupedRow.Source rows = placed.file.rows(placed.tensor);
        RowOrder order = placed.place.order();
        return new WeightMatrix.Grouped(placed.tensor.type().groups(), outputs, inputs,
                order == RowOrder.SAME ? rows : (output, row) -> rows.read(order.fileRow(output, heads), row), null);
    }

    @Override
    public WeightMatrix table(String name, int rows, int width) throws ModelFormatException {
        return linear(name, Layout.OUTPUTS_FIRST, rows, width);
    }

    @Override
    public void unload() {
        files.files().forEach(GgufFile::unload);
    }

    /** A view of a tensor of floats, or a copy where its rows have to move. */
    private Tensor reordered(Placed placed, long... shape) {
        RowOrder order = placed.place.order();
        if (order == RowOrder.SAME) {
            return placed.file.floats(placed.tensor);
        }
        MemorySegment stored = placed.file.bytes(placed.tensor);
        MemorySegment moved = copies.allocate(placed.tensor.numBytes(), Long.BYTES);
        long rowBytes = placed.tensor.numBytes() / shape[0];
        for (long row = 0; row < shape[0]; row++) {
            MemorySegment.copy(stored, order.fileRow(row, heads) * rowBytes, moved, row * rowBytes, rowBytes);
        }
        return Tensor.wrap(DataType.valueOf(placed.tensor.type().name()), moved.asReadOnly(), shape);
    }

    private Placed require(String name, long... shape) throws ModelFormatException {
        Placed placed = tensors.get(name);
        if (placed == null) {
            throw new ModelFormatException(location(),
                    "tensor " + name + ": missing, expected " + Arrays.toString(shape));
        }
        GgufTensor tensor = placed.tensor;
        if (!tensor.shape().equals(Arrays.stream(shape).boxed().toList())) {
            throw new ModelFormatException(placed.file.path(), "tensor " + tensor.name() + " (" + name + "): is "
                    + tensor.describe() + ", the metadata asks for " + Arrays.toString(shape));
        }
        return placed;
    }

    @Override
    public boolean isFinite(String name) throws ModelFormatException {
        Placed placed = require(name, shapeOf(name));
        MemorySegment bytes = placed.file.bytes(placed.tensor);
        GgufType type = placed.tensor.type();
        return type.isFloat() ? FiniteFloats.isFinite(type.name(), bytes) : FiniteBlocks.isFinite(type, bytes);
    }

    private long[] shapeOf(String name) {
        Placed placed = tensors.get(name);
        return placed == null ? new long[0] : placed.tensor.shape().stream().mapToLong(Long::longValue).toArray();
    }

    @Override
    public Optional<DataType> quantizedFrom() {
        return Optional.empty();
    }

    @Override
    public MemorySegment bytes(String name) throws ModelFormatException {
        Placed placed = require(name, shapeOf(name));
        return placed.file.bytes(placed.tensor);
    }

    @Override
    public void requireWhole() throws ModelFormatException {
        for (GgufFile file : files.files()) {
            file.requireWhole();
        }
    }

    @Override
    public void close() {
        if (copies.scope().isAlive()) {
            copies.close();
        }
        files.close();
    }
}
