package io.github.pastkv.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Off-heap scratch memory that is replaced by a larger piece when it is too small. For one thread at a time. */
final class GrowingMemory implements AutoCloseable {
    private static final long ALIGNMENT = 64;

    private Arena arena = Arena.ofShared();
    private MemorySegment segment;

    /** Memory of {@code bytes} bytes. */
    GrowingMemory(long bytes) {
        segment = arena.allocate(bytes, ALIGNMENT);
    }

    MemorySegment segment() {
        return segment;
    }

    /** Memory of at least {@code bytes} bytes, whose content is lost where it grows. */
    MemorySegment grow(long bytes) {
        if (segment.byteSize() < bytes) {
            Arena larger = Arena.ofShared();
            segment = larger.allocate(Math.max(bytes, 2 * segment.byteSize()), ALIGNMENT);
            arena.close();
            arena = larger;
        }
        return segment;
    }

    @Override
    public void close() {
        arena.close();
    }
}
