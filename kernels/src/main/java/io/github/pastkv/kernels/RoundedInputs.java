package io.github.pastkv.kernels;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/** Buffers for rounded inputs of linear layers, one for each width; existing buffers are reused without allocation. */
final class RoundedInputs implements AutoCloseable {
    private final List<Buffer> buffers = new ArrayList<>();

    private record Buffer(Arena arena, Tensor rows) {
        boolean fits(DataType type, int width) {
            return rows.dataType() == type && rows.shape(1) == width;
        }
    }

    /**
     * A buffer of at least {@code numTokens} rows with undefined content, valid until the next call with the same
     * width.
     */
    Tensor rows(DataType type, int width, int numTokens) {
        for (int i = 0; i < buffers.size(); i++) {
            Buffer buffer = buffers.get(i);
            if (buffer.fits(type, width)) {
                if (buffer.rows().shape(0) < numTokens) {
                    buffer.arena().close();
                    buffer = allocate(type, width, numTokens);
                    buffers.set(i, buffer);
                }
                return buffer.rows();
            }
        }
        buffers.add(allocate(type, width, numTokens));
        return buffers.getLast().rows();
    }

    private static Buffer allocate(DataType type, int width, int numTokens) {
        Arena arena = Arena.ofShared();
        return new Buffer(arena, Tensor.allocate(arena, type, numTokens, width));
    }

    @Override
    public void close() {
        buffers.forEach(buffer -> buffer.arena().close());
        buffers.clear();
    }
}
