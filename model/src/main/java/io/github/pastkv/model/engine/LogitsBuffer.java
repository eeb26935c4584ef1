package io.github.pastkv.model.engine;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;

/** A growing F32 matrix of logits outside the heap, {@code [n, V]}. For one thread at a time. */
final class LogitsBuffer implements AutoCloseable {
    private final int vocabSize;
    private Arena arena = Arena.ofShared();
    private Tensor logits;

    LogitsBuffer(int vocabSize) {
        this.vocabSize = vocabSize;
        this.logits = Tensor.allocate(arena, DataType.F32, 1, vocabSize);
    }

    /** At least {@code numRows} rows; the content of those before is lost when it grows. */
    Tensor ofAtLeast(long numRows) {
        if (logits.shape(0) < numRows) {
            Arena larger = Arena.ofShared();
            logits = Tensor.allocate(larger, DataType.F32, numRows, vocabSize);
            arena.close();
            arena = larger;
        }
        return logits;
    }

    /** Rows that there are. */
    Tensor all() {
        return logits;
    }

    boolean isOpen() {
        return arena.scope().isAlive();
    }

    @Override
    public void close() {
        arena.close();
    }
}
