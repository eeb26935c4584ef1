package io.github.pastkv.cache.block;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A growing off-heap table of records of equal size. Records never move; the numbers of removed records are reused. Not
 * thread-safe. Owns its memory until {@link #close}, or shares an arena that its owner closes.
 */
public final class OffHeapTable implements AutoCloseable {
    /** No record. */
    public static final int NONE = -1;
    private static final int SEGMENT_SHIFT = 9;
    private static final long ALIGNMENT = 64;

    private final Arena arena;
    private final long recordBytes;
    private final int segmentShift;
    private MemorySegment[] segments = new MemorySegment[0];
    private int numGiven;
    private int numRecords;
    private int firstRemoved = NONE;

    /** An empty table of records of at least {@code recordBytes} bytes, rounded up to whole longs. */
    public OffHeapTable(int recordBytes) {
        this(Arena.ofShared(), recordBytes, SEGMENT_SHIFT);
    }

    /** An empty table in memory of {@code arena} that grows by {@code 1 << segmentShift} records. */
    OffHeapTable(Arena arena, int recordBytes, int segmentShift) {
        this.arena = arena;
        this.recordBytes = Math.ceilDiv(recordBytes, Long.BYTES) * (long) Long.BYTES;
        this.segmentShift = segmentShift;
    }

    /** Bytes of one record. */
    public long recordBytes() {
        return recordBytes;
    }

    /** Records in use. */
    public int numRecords() {
        return numRecords;
    }

    /** Records allocated so far, including removed ones: an upper bound of all numbers. */
    public int numGiven() {
        return numGiven;
    }

    /** Bytes taken from the system. */
    public long bytes() {
        return ((long) segments.length << segmentShift) * recordBytes;
    }

    /** A new record, its content undefined. */
    public int add() {
        if (firstRemoved == NONE && numGiven == segments.length << segmentShift) {
            MemorySegment next = arena.allocate(recordBytes << segmentShift, ALIGNMENT);
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

    /** Removes a record; its number is reused. */
    public void remove(int record) {
        setInt(record, 0, firstRemoved);
        firstRemoved = record;
        numRecords--;
    }

    /** The memory that holds a record. */
    public MemorySegment segment(int record) {
        return segments[record >>> segmentShift];
    }

    /** First byte of a record in its {@link #segment}. */
    public long byteOffset(int record) {
        return (record & ((1 << segmentShift) - 1)) * recordBytes;
    }

    public int getInt(int record, long field) {
        return segment(record).get(ValueLayout.JAVA_INT, byteOffset(record) + field);
    }

    public void setInt(int record, long field, int value) {
        segment(record).set(ValueLayout.JAVA_INT, byteOffset(record) + field, value);
    }

    public long getLong(int record, long field) {
        return segment(record).get(ValueLayout.JAVA_LONG, byteOffset(record) + field);
    }

    public void setLong(int record, long field, long value) {
        segment(record).set(ValueLayout.JAVA_LONG, byteOffset(record) + field, value);
    }

    public byte getByte(int record, long field) {
        return segment(record).get(ValueLayout.JAVA_BYTE, byteOffset(record) + field);
    }

    public void setByte(int record, long field, int value) {
        segment(record).set(ValueLayout.JAVA_BYTE, byteOffset(record) + field, (byte) value);
    }

    @Override
    public void close() {
        arena.close();
    }
}
