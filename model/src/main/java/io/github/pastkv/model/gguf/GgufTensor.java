package io.github.pastkv.model.gguf;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A tensor as the table of a GGUF file describes it.
 *
 * @param name its name in the file
 * @param type how its numbers are stored
 * @param shape lengths of its axes, outermost first (the file has them the other way round)
 * @param byteOffset its first byte, from the start of the file
 * @param numBytes the bytes it takes
 */
public record GgufTensor(String name, GgufType type, List<Long> shape, long byteOffset, long numBytes) {
    public GgufTensor {
        shape = List.copyOf(shape);
    }

    /** Numbers it holds. */
    public long numElements() {
        return shape.stream().reduce(1L, (a, b) -> a * b);
    }

    /** Numbers of a row: of the innermost axis. */
    public long rowLength() {
        return shape.getLast();
    }

    /** Bytes of a row. */
    public long rowBytes() {
        return type.bytes(rowLength());
    }

    /** For example {@code Q4_K[96, 256]}. */
    public String describe() {
        return type + shape.stream().map(String::valueOf).collect(Collectors.joining(", ", "[", "]"));
    }
}
