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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
    private final Map<String, Tensor> constants;
    private final Set<String> inputsFirst = ConcurrentHashMap.newKeySet();
    private final Arena copies = Arena.ofShared();

    /**
     * A tensor of the checkpoint: rows of one of the file.
     *
     * @param firstRow of the file's tensor
     * @param shape of the tensor of the checkpoint
     */
    private record Placed(GgufFile file, GgufTensor tensor, TensorNames.Place place, long firstRow, List<Long> shape) {
        long rowBytes() {
            return tensor.numBytes() / Math.max(tensor.shape().isEmpty() ? 1 : tensor.shape().getFirst(), 1);
        }

        boolean isWhole() {
            return place.part() == TensorNames.Part.ALL;
        }

        MemorySegment bytes() {
            MemorySegment all = file.bytes(tensor);
            return isWhole() ? all : all.asSlice(firstRow * rowBytes(), shape.getFirst() * rowBytes());
        }

        long[] shapeArray() {
            return shape.stream().mapToLong(Long::longValue).toArray();
        }
    }

    /** @param constants tensors that the metadata holds instead of the files */
    GgufWeights(GgufTensors files, TensorNames names, RowOrder.Heads heads, Map<String, Tensor> constants)
            throws ModelFormatException {
        this.files = files;
        this.heads = heads;
        this.constants = Map.copyOf(constants);
        for (GgufTensors.Located located : files.all()) {
            String fileName = located.tensor().name();
            if (RopeMetadata.isSetting(fileName)) {
                continue;
            }
            for (TensorNames.Place place : names.places(fileName)) {
                if (tensors.put(place.name(), placed(located, place)) != null) {
                    throw new ModelFormatException(located.file().path(),
                            "tensor " + fileName + ": is there under another name too");
                }
            }
        }
    }

    private Placed placed(GgufTensors.Located located, TensorNames.Place place) throws ModelFormatException {
        GgufTensor tensor = located.tensor();
        if (place.part() == TensorNames.Part.ALL) {
            return new Placed(located.file(), tensor, place, 0, tensor.shape());
        }
        long queries = (long) heads.numHeads() * heads.headDim();
        long keys = (long) heads.numKvHeads() * heads.headDim();
        if (tensor.shape().getFirst() != queries + 2 * keys) {
            throw new ModelFormatException(located.file().path(), "tensor " + tensor.name() + ": is "
                    + tensor.describe() + ", queries, keys and values have " + (queries + 2 * keys) + " rows");
        }
        List<Long> shape = new ArrayList<>(tensor.shape());
        shape.set(0, place.part() == TensorNames.Part.QUERIES ? queries : keys);
        long firstRow = switch (place.part()) {
            case ALL, QUERIES -> 0;
            case KEYS -> queries;
            case VALUES -> queries + keys;
        };
        return new Placed(located.file(), tensor, place, firstRow, List.copyOf(shape));
    }

    @Override
    public Path location() {
        return files.files().getFirst().path();
    }

    @Override
    public Set<String> names() {
        return Stream.concat(tensors.keySet().stream(), constants.keySet().stream())
                .collect(Collectors.toUnmodifiableSet());
    }

    @Override
    public Path fileOf(String name) {
        Placed placed = tensors.get(name);
        return placed == null ? location() : placed.file.path();
    }

    @Override
    public Optional<TensorEntry> entry(String name) {
        Tensor constant = constants.get(name);
        if (constant != null) {
            return Optional.of(new TensorEntry(name, DataType.F32.name(),
                    Arrays.stream(constant.shape()).boxed().toList(), 0, Float.BYTES * constant.numElements()));
        }
        return Optional.ofNullable(tensors.get(name)).map(placed -> {
            long from = placed.tensor.byteOffset() + placed.firstRow * placed.rowBytes();
            return new TensorEntry(name, placed.tensor.type().name(), placed.shape, from,
                    from + placed.bytes().byteSize());
        });
    }

    @Override
    public Tensor tensor(String name, long... shape) throws ModelFormatException {
        Tensor constant = constants.get(name);
        if (constant != null && Arrays.equals(constant.shape(), shape)) {
            return constant;
        }
        Placed placed = require(name, shape);
        if (placed.tensor.type().isGrouped()) {
            return dequantized(placed, copies, shape);
        }
        Tensor stored = reordered(placed, shape);
        return placed.place.plusOne() ? lessOne(stored) : stored;
    }

    /** The type and shape of {@link #checkpointTensor}. */
    TensorEntry checkpointEntry(String name) throws ModelFormatException {
        TensorEntry stored =
                entry(name).orElseThrow(() -> new ModelFormatException(location(), "tensor " + name + ": missing"));
        Placed placed = tensors.get(name);
        boolean isComputed = placed != null && (placed.tensor.type().isGrouped() || placed.place.plusOne());
        return new TensorEntry(name, isComputed ? DataType.F32.name() : stored.dtype(),
                inputsFirst.contains(name) ? stored.shape().reversed() : stored.shape(), stored.fromByteOffset(),
                stored.toByteOffset());
    }

    /**
     * A tensor as a checkpoint has it, in memory of {@code arena}: blocks as F32, and linear weights that a family has
     * read as {@code [inputs, outputs]} in that order.
     */
    Tensor checkpointTensor(String name, Arena arena) throws ModelFormatException {
        Tensor constant = constants.get(name);
        if (constant != null) {
            return constant;
        }
        Placed placed = require(name, shapeOf(name));
        Tensor inFileOrder = placed.tensor.type().isGrouped()
                ? dequantized(placed, arena, placed.shapeArray())
                : tensor(name, placed.shapeArray());
        return inputsFirst.contains(name) ? transposed(inFileOrder, arena) : inFileOrder;
    }

    private static Tensor transposed(Tensor tensor, Arena arena) {
        DataType type = tensor.dataType();
        Tensor target = Tensor.allocate(arena, type, tensor.shape(1), tensor.shape(0));
        for (long row = 0; row < tensor.shape(0); row++) {
            for (long column = 0; column < tensor.shape(1); column++) {
                MemorySegment.copy(tensor.segment(), (row * tensor.shape(1) + column) * type.bytes(), target.segment(),
                        (column * tensor.shape(0) + row) * type.bytes(), type.bytes());
            }
        }
        return target;
    }

    /** F32, row by row. */
    private Tensor dequantized(Placed placed, Arena arena, long... shape) {
        Tensor target = Tensor.allocate(arena, DataType.F32, shape);
        long rowLength = placed.tensor.rowLength();
        GroupedRow row = new GroupedRow(placed.tensor.type().groups(), Math.toIntExact(rowLength));
        GroupedRow.Source rows = placed.file.rows(placed.tensor);
        for (long i = 0; i < target.numElements() / rowLength; i++) {
            rows.read(placed.firstRow + placed.place.order().fileRow(i, heads), row);
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
        if (layout == Layout.INPUTS_FIRST) {
            inputsFirst.add(name);
        }
        if (!placed.tensor.type().isGrouped()) {
            return new WeightMatrix.Plain(reordered(placed, outputs, inputs), null);
        }
        GroupedRow.Source rows = placed.file.rows(placed.tensor);
        RowOrder order = placed.place.order();
        long firstRow = placed.firstRow;
        return new WeightMatrix.Grouped(placed.tensor.type().groups(), outputs, inputs,
                (output, row) -> rows.read(firstRow + order.fileRow(output, heads), row), null);
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
        DataType type = DataType.valueOf(placed.tensor.type().name());
        MemorySegment stored = placed.bytes();
        if (order == RowOrder.SAME) {
            return Tensor.wrap(type, stored, shape);
        }
        MemorySegment moved = copies.allocate(stored.byteSize(), Long.BYTES);
        long rowBytes = placed.rowBytes();
        for (long row = 0; row < shape[0]; row++) {
            MemorySegment.copy(stored, order.fileRow(row, heads) * rowBytes, moved, row * rowBytes, rowBytes);
        }
        return Tensor.wrap(type, moved.asReadOnly(), shape);
    }

    private Placed require(String name, long... shape) throws ModelFormatException {
        Placed placed = tensors.get(name);
        if (placed == null) {
            throw new ModelFormatException(location(),
                    "tensor " + name + ": missing, expected " + Arrays.toString(shape));
        }
        GgufTensor tensor = placed.tensor;
        if (!placed.shape.equals(Arrays.stream(shape).boxed().toList())) {
            throw new ModelFormatException(placed.file.path(), "tensor " + tensor.name() + " (" + name + "): is "
                    + tensor.describe() + ", the metadata asks for " + Arrays.toString(shape));
        }
        return placed;
    }

    @Override
    public boolean isFinite(String name) throws ModelFormatException {
        if (constants.containsKey(name)) {
            return true; // the metadata takes no other numbers
        }
        Placed placed = require(name, shapeOf(name));
        MemorySegment bytes = placed.bytes();
        GgufType type = placed.tensor.type();
        return type.isFloat() ? FiniteFloats.isFinite(type.name(), bytes) : FiniteBlocks.isFinite(type, bytes);
    }

    private long[] shapeOf(String name) {
        Placed placed = tensors.get(name);
        return placed == null ? new long[0] : placed.shapeArray();
    }

    @Override
    public Optional<DataType> quantizedFrom() {
        return Optional.empty();
    }

    @Override
    public MemorySegment bytes(String name) throws ModelFormatException {
        Tensor constant = constants.get(name);
        return constant != null ? constant.segment() : require(name, shapeOf(name)).bytes();
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
