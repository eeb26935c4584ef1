package io.github.pastkv.cache.block;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** A few ints about each block of a pool, outside the heap. Under the pool's lock. */
final class BlockRecords {
    static final int NONE = -1;
    /** Link of a block that is in no list. */
    static final int NOT_LISTED = -2;

    static final int REF_COUNT = 0;
    /** Entry of the index, or NONE. */
    static final int NODE = 1;
    /** Slots that the index promises. */
    static final int NUM_SEALED = 2;
    static final int PREVIOUS = 3;
    static final int NEXT = 4;
    private static final long RECORD_BYTES = 5 * Integer.BYTES;

    private final Arena arena;
    private final int segmentShift;
    private final List<MemorySegment> segments = new ArrayList<>();
    private int numBlocks;

    /** None yet; their memory will be {@code arena}'s, in segments of {@code 1 << segmentShift} records but for the last. */
    BlockRecords(Arena arena, int segmentShift) {
        this.arena = arena;
        this.segmentShift = segmentShift;
    }

    int numBlocks() {
        return numBlocks;
    }

    /** Bytes taken from the system. */
    long bytes() {
        return segments.stream().mapToLong(MemorySegment::byteSize).sum();
    }

    /** Makes records of a segment's blocks, which nobody holds and which are in no list. */
    void addSegment(int count) {
        segments.add(arena.allocate(RECORD_BYTES * count, Integer.BYTES));
        int end = numBlocks + count;
        while (numBlocks < end) {
            int blockId = numBlocks++;
            set(blockId, NODE, NONE);
            set(blockId, PREVIOUS, NOT_LISTED);
        }
    }

    int get(int blockId, int field) {
        return segments.get(blockId >> segmentShift).get(ValueLayout.JAVA_INT, byteOffset(blockId, field));
    }

    void set(int blockId, int field, int value) {
        segments.get(blockId >> segmentShift).set(ValueLayout.JAVA_INT, byteOffset(blockId, field), value);
    }

    private long byteOffset(int blockId, int field) {
        return (blockId & ((1 << segmentShift) - 1)) * RECORD_BYTES + (long) field * Integer.BYTES;
    }
}
