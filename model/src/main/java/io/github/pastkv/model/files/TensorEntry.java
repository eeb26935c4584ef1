package io.github.pastkv.model.files;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A tensor as the header of a safetensors file describes it.
 *
 * @param name its key
 * @param dtype the file's word for its type, such as {@code BF16} or {@code I64}
 * @param shape lengths of its axes, outermost first; empty for a single number
 * @param fromByteOffset its first byte, from the start of the file
 * @param toByteOffset the byte after its last
 */
public record TensorEntry(String name, String dtype, List<Long> shape, long fromByteOffset, long toByteOffset) {
    public TensorEntry {
        shape = List.copyOf(shape);
    }

    /** Bytes it takes in the file. */
    public long numBytes() {
        return toByteOffset - fromByteOffset;
    }

    long[] shapeArray() {
        return shape.stream().mapToLong(Long::longValue).toArray();
    }

    /** For example {@code BF16[3, 5]}. */
    String describe() {
        return dtype + shape.stream().map(String::valueOf).collect(Collectors.joining(", ", "[", "]"));
    }
}
