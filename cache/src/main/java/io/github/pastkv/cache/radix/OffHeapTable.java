package io.github.pastkv.cache.radix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A growing table of records of equal size, outside the heap. Records never move; the numbers of removed ones are given
 * out again. Not thread-safe; owns its memory until {@link #close}.
 */
final class OffHeapTable implements AutoCloseable {
    static final int NONE = -1;
    private static final int SEGMENT_SHIFT = 9;
    private static final int SEGMENT_RECORDS = 1 << SEGMENT_SHIFT;
    private static final long ALIGNMENT = 64;

    private final Arena arena = Arena.ofShared();
    private final long recordBytes;
    private MemorySegment[] segments = new MemorySegment[0];
    private int numGiven;
    private int numRecords;
    private int firstRemoved = NONE;

    /** An empty table of records of at least {@code recordBytes} bytes, rounded up to whole longs. */
    OffHeapTable(int recordBytes) {
        this.recordBytes = Math.ceilDiv(recordBytes, Long.BYTES) * (long) Long.BYTES;
    }

    long recordBytes() {
        return recordBytes;
    }

    int numRecords() {
        return numRecords;
    }

    /** OffHeapTable given out so far, removed ones included: every number is below this. */
    int numGiven() {
        return numGiven;
    }

    /** Bytes taken from the system. */
    long bytes() {
        return (long) segments.length * SEGMENT_RECORDS * recordBytes;
    }

    /** A new record, its content undefined. */
    int add() {
        if (firstRemoved == NONE && numGiven == segments.length << SEGMENT_SHIFT) {
            MemorySegment next = arena.allocate(SEGMENT_RECORDS * recordBytes, ALIGNMENT);
            segments = Arrays.copyOf(segments, segments.length + 1);
            segments[segments.length - 1] = next;
        }
        numRecords++;
        if (firstRemoved == NONE) {
            return numGiven++;
        }
        int record = firstRemoved;
        firstRemoved = getInt(record, 0);
        return record;
    }

    void remove(int record) {
        setInt(record, 0, firstRemoved);
        firstRemoved = record;
        numRecords--;
    }

    MemorySegment segment(int record) {
        return segments[record >>> SEGMENT_SHIFT];
    }

    long byteOffset(int record) {
        return (record & (SEGMENT_RECORDS - 1)) * recordBytes;
    }

    int getInt(int record, long field) {
        return segment(record).get(ValueLayout.JAVA_INT, byteOffset(record) + field);
    }

    void setInt(int record, long field, int value) {
        segment(record).set(ValueLayout.JAVA_INT, byteOffset(record) + field, value);
    }

    long getLong(int record, long field) {
        return segment(record).get(ValueLayout.JAVA_LONG, byteOffset(record) + field);
    }

    void setLong(int record, long field, long value) {
        segment(record).set(ValueLayout.JAVA_LONG, byteOffset(record) + field, value);
    }

    byte getByte(int record, long field) {
        return segment(record).get(ValueLayout.JAVA_BYTE, byteOffset(record) + field);
    }

    void setByte(int record, long field, int value) {
        segment(record).set(ValueLayout.JAVA_BYTE, byteOffset(record) + field, (byte) value);
    }

    @Override
    public void close() {
        arena.close();
    }
}
