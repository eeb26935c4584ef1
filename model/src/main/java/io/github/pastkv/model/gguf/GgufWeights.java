package io.github.pastkv.model.gguf;

import io.github.pastkv.kernels.weights.GroupedRow;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.QuantizedConfig;
import io.github.pastkv.model.files.TensorEntry;
import io.github.pastkv.model.files.WeightSource;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
    private static final String LATENT_KEYS = "self_attn.k_b_proj.weight";
    private static final String LATENT_VALUES = "self_attn.v_b_proj.weight";
    private static final String LATENT_KEYS_AND_VALUES = "self_attn.kv_b_proj.weight";

    private final GgufTensors files;
    private final RowOrder.Heads heads;
    private final Map<String, PlacedTensor> tensors = new LinkedHashMap<>();
    private final Map<String, MadeTensor> made = new HashMap<>();
    private final Set<String> inputsFirst = ConcurrentHashMap.newKeySet();
    private final Arena copies = Arena.ofShared();

    /**
     * @param numExperts in tensors of all experts, 0 where there are none
     * @param constants tensors that the metadata holds instead of the files
     */
    GgufWeights(GgufTensors files, TensorNames names, RowOrder.Heads heads, int numExperts,
            Map<String, Tensor> constants) throws ModelFormatException {
        this.files = files;
        this.heads = heads;
        constants.forEach((name, tensor) -> made.put(name, MadeTensor.of(tensor)));
        for (GgufTensors.Located located : files.all()) {
            String fileName = located.tensor().name();
            if (RopeMetadata.isSetting(fileName)) {
                continue;
            }
            for (TensorNames.Place place : names.places(fileName, numExperts)) {
                if (tensors.put(place.name(), PlacedTensor.of(located, place, heads, numExperts)) != null) {
                    throw new ModelFormatException(located.file().path(),
                            "tensor " + fileName + ": is there under another name too");
                }
            }
        }
        joinLatents();
    }

    /** The projection from latents, whose two parts a file holds apart, the first transposed. */
    private void joinLatents() throws ModelFormatException {
        for (String name : List.copyOf(tensors.keySet())) {
            String joined = name.replace(LATENT_KEYS, LATENT_KEYS_AND_VALUES);
            if (!joined.equals(name)) {
                PlacedTensor keys = Objects.requireNonNull(tensors.remove(name));
                PlacedTensor values = tensors.remove(name.replace(LATENT_KEYS, LATENT_VALUES));
                made.put(joined, JoinedLatents.of(keys, values, this::numbers));
            }
        }
    }

    private float[] numbers(PlacedTensor placed) {
        GgufType type = placed.tensor().type();
        Tensor stored = type.isGrouped() ? dequantized(placed, Arena.ofAuto(), placed.shapeArray())
                : Tensor.wrap(DataType.valueOf(type.name()), placed.bytes(), placed.shapeArray());
        return stored.toFloatArray();
    }

    @Override
    public Path location() {
        return files.files().getFirst().path();
    }

    @Override
    public Set<String> names() {
        return Stream.concat(tensors.keySet().stream(), made.keySet().stream())
                .collect(Collectors.toUnmodifiableSet());
    }

    @Override
    public Path fileOf(String name) {
        PlacedTensor placed = tensors.get(name);
        return placed == null ? location() : placed.file().path();
    }

    @Override
    public Optional<TensorEntry> entry(String name) {
        MadeTensor computed = made.get(name);
        if (computed != null) {
            long numElements = computed.shape().stream().reduce(1L, (a, b) -> a * b);
            return Optional.of(
                    new TensorEntry(name, DataType.F32.name(), computed.shape(), 0, Float.BYTES * numElements));
        }
        return Optional.ofNullable(tensors.get(name)).map(placed -> {
            long from = placed.tensor().byteOffset() + placed.firstByte();
            return new TensorEntry(name, placed.tensor().type().name(), placed.shape(), from,
                    from + placed.bytes().byteSize());
        });
    }

    @Override
    public Tensor tensor(String name, long... shape) throws ModelFormatException {
        MadeTensor computed = made.get(name);
        if (computed != null && computed.shape().equals(Arrays.stream(shape).boxed().toList())) {
            return computed.tensor();
        }
        PlacedTensor placed = require(name, shape);
        if (placed.tensor().type().isGrouped()) {
            return dequantized(placed, copies, shape);
        }
        Tensor stored = reordered(placed, shape);
        return placed.place().plusOne() ? lessOne(stored) : stored;
    }

    /** The type and shape of {@link #checkpointTensor}. */
    TensorEntry checkpointEntry(String name) throws ModelFormatException {
        TensorEntry stored =
                entry(name).orElseThrow(() -> new ModelFormatException(location(), "tensor " + name + ": missing"));
        PlacedTensor placed = tensors.get(name);
        boolean isComputed = placed != null && (placed.tensor().type().isGrouped() || placed.place().plusOne());
        return new TensorEntry(name, isComputed ? DataType.F32.name() : stored.dtype(),
                inputsFirst.contains(name) ? stored.shape().reversed() : stored.shape(), stored.fromByteOffset(),
                stored.toByteOffset());
    }

    /**
     * A tensor as a checkpoint has it, in memory of {@code arena}: blocks as F32, and linear weights that a family has
     * read as {@code [inputs, outputs]} in that order.
     */
    Tensor checkpointTensor(String name, Arena arena) throws ModelFormatException {
        MadeTensor computed = made.get(name);
        if (computed != null) {
            return computed.tensor();
        }
        PlacedTensor placed = require(name, shapeOf(name));
        Tensor inFileOrder = placed.tensor().type().isGrouped()
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
    private Tensor dequantized(PlacedTensor placed, Arena arena, long... shape) {
        Tensor target = Tensor.allocate(arena, DataType.F32, shape);
        long rowLength = placed.tensor().rowLength();
        GroupedRow row = new GroupedRow(placed.tensor().type().groups(), Math.toIntExact(rowLength));
        GroupedRow.Source rows = placed.file().rows(placed.tensor());
        for (long i = 0; i < target.numElements() / rowLength; i++) {
            rows.read(placed.firstRow() + placed.place().order().fileRow(i, heads), row);
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
        if (made.containsKey(name)) {
            return WeightMatrix.of(tensor(name, outputs, inputs), null, null);
        }
        PlacedTensor placed = require(name, outputs, inputs);
        if (layout == Layout.INPUTS_FIRST) {
            inputsFirst.add(name);
        }
        if (!placed.tensor().type().isGrouped()) {
            return new WeightMatrix.Plain(reordered(placed, outputs, inputs), null);
        }
        GroupedRow.Source rows = placed.file().rows(placed.tensor());
        RowOrder order = placed.place().order();
        long firstRow = placed.firstRow();
        return new WeightMatrix.Grouped(placed.tensor().type().groups(), outputs, inputs,
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
    private Tensor reordered(PlacedTensor placed, long... shape) {
        RowOrder order = placed.place().order();
        DataType type = DataType.valueOf(placed.tensor().type().name());
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

    /** Without leading axes of length 1, which converters leave out or keep. */
    private static List<Long> squeezed(List<Long> shape) {
        int first = 0;
        while (first < shape.size() - 1 && shape.get(first) == 1) {
            first++;
        }
        return shape.subList(first, shape.size());
    }

    private PlacedTensor require(String name, long... shape) throws ModelFormatException {
        PlacedTensor placed = tensors.get(name);
        if (placed == null) {
            throw new ModelFormatException(location(),
                    "tensor " + name + ": missing, expected " + Arrays.toString(shape));
        }
        GgufTensor tensor = placed.tensor();
        if (!squeezed(placed.shape()).equals(squeezed(Arrays.stream(shape).boxed().toList()))) {
            throw new ModelFormatException(placed.file().path(), "tensor " + tensor.name() + " (" + name + "): is "
                    + tensor.describe() + ", the metadata asks for " + Arrays.toString(shape));
        }
        return placed;
    }

    @Override
    public boolean isFinite(String name) throws ModelFormatException {
        MadeTensor computed = made.get(name);
        if (computed != null) {
            return computed.isFinite();
        }
        return require(name, shapeOf(name)).isFinite();
    }

    private long[] shapeOf(String name) {
        PlacedTensor placed = tensors.get(name);
        return placed == null ? new long[0] : placed.shapeArray();
    }

    @Override
    public Optional<QuantizedConfig> quantization() {
        return Optional.empty();
    }

    @Override
    public MemorySegment bytes(String name) throws ModelFormatException {
        MadeTensor computed = made.get(name);
        return computed != null ? computed.tensor().segment() : require(name, shapeOf(name)).bytes();
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
