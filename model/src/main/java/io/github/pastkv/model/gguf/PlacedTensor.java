package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.FiniteFloats;
import io.github.pastkv.model.files.ModelFormatException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A tensor of the checkpoint in a file: numbers that follow each other in one of the file's tensors.
 *
 * @param file that holds them
 * @param tensor of the file
 * @param place in the checkpoint
 * @param firstNumber of the file's tensor
 * @param shape of the tensor of the checkpoint
 */
record PlacedTensor(GgufFile file, GgufTensor tensor, TensorNames.Place place, long firstNumber, List<Long> shape) {
    private static final String JOINED = "rows of queries, keys and values";

    /**
     * What of a tensor stands for a place.
     *
     * @param numExperts in tensors of all experts
     * @throws ModelFormatException if the tensor does not divide into such parts
     */
    static PlacedTensor of(GgufTensors.Located located, TensorNames.Place place, RowOrder.Heads heads, int numExperts)
            throws ModelFormatException {
        if (place.expert() != TensorNames.NO_EXPERT) {
            return ofExpert(located, place, numExperts);
        }
        GgufTensor tensor = located.tensor();
        if (place.isWhole()) {
            return new PlacedTensor(located.file(), tensor, place, 0, tensor.shape());
        }
        long queries = (long) heads.numHeads() * heads.headDim();
        long keys = (long) heads.numKvHeads() * heads.headDim();
        requireFirstAxis(located, queries + 2 * keys, JOINED);
        long numRows = place.part() == TensorNames.Part.QUERIES ? queries : keys;
        long firstRow = switch (place.part()) {
            case KEYS -> queries;
            case VALUES -> queries + keys;
            default -> 0;
        };
        return slice(located, place, firstRow, numRows, tensor.shape());
    }

    private static PlacedTensor ofExpert(GgufTensors.Located located, TensorNames.Place place, int numExperts)
            throws ModelFormatException {
        GgufTensor tensor = located.tensor();
        requireFirstAxis(located, numExperts, "experts (expert_count)");
        List<Long> ofExpert = tensor.shape().subList(1, tensor.shape().size());
        boolean isHalf = place.part() != TensorNames.Part.ALL;
        if (ofExpert.isEmpty() || (isHalf && ofExpert.getFirst() % 2 != 0)) {
            throw new ModelFormatException(located.file().path(), "tensor " + tensor.name() + ": is "
                    + tensor.describe() + ", which does not divide into " + (isHalf ? "gate and up of " : "")
                    + numExperts + " experts");
        }
        long numRows = isHalf ? ofExpert.getFirst() / 2 : ofExpert.getFirst();
        long firstRow = place.expert() * ofExpert.getFirst() + (place.part() == TensorNames.Part.UPS ? numRows : 0);
        return slice(located, place, firstRow, numRows, ofExpert);
    }

    private static void requireFirstAxis(GgufTensors.Located located, long length, String what)
            throws ModelFormatException {
        GgufTensor tensor = located.tensor();
        if (tensor.shape().isEmpty() || tensor.shape().getFirst() != length) {
            throw new ModelFormatException(located.file().path(), "tensor " + tensor.name() + ": is "
                    + tensor.describe() + ", must have " + length + " " + what);
        }
    }

    /** Some of the rows of parts of shape {@code shape}. */
    private static PlacedTensor slice(GgufTensors.Located located, TensorNames.Place place, long firstRow,
            long numRows, List<Long> shape) {
        List<Long> sliced = new ArrayList<>(shape);
        sliced.set(0, numRows);
        long rowLength = shape.stream().skip(1).reduce(1L, (a, b) -> a * b);
        return new PlacedTensor(located.file(), located.tensor(), place, firstRow * rowLength, List.copyOf(sliced));
    }

    long firstByte() {
        return tensor.type().bytes(firstNumber);
    }

    /** Counted over all outer axes of the file's tensor. */
    long firstRow() {
        return firstNumber / tensor.rowLength();
    }

    /** Bytes of what a {@link RowOrder} moves: of a row, in a bias of a number. */
    long rowBytes() {
        return shape.size() < 2 ? tensor.type().bytes(1) : tensor.rowBytes();
    }

    MemorySegment bytes() {
        MemorySegment all = file.bytes(tensor);
        return place.isWhole() ? all : all.asSlice(firstByte(), tensor.type().bytes(numElements()));
    }

    long numElements() {
        return shape.stream().reduce(1L, (a, b) -> a * b);
    }

    long[] shapeArray() {
        return shape.stream().mapToLong(Long::longValue).toArray();
    }

    boolean isFinite() {
        GgufType type = tensor.type();
        return type.isFloat() ? FiniteFloats.isFinite(type.name(), bytes()) : FiniteBlocks.isFinite(type, bytes());
    }
}
