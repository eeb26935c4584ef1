package io.github.pastkv.cache.block;

import java.util.function.IntConsumer;

/**
 * An intrusive doubly linked list of records: links are fields of the records, so that any record can be removed in
 * constant time. A record is in at most one of the lists that share its two link fields. Not thread-safe.
 */
public final class RecordList {
    private static final int NONE = OffHeapTable.NONE;
    /** Link of a record that is in no list. */
    private static final int NOT_LISTED = -2;

    private final String name;
    private final OffHeapTable table;
    private final long previousField;
    private final long nextField;
    private int first = NONE;
    private int last = NONE;
    private int size;

    /**
     * An empty list.
     *
     * @param name for messages
     * @param linksField byte offset of two ints in each record
     */
    public RecordList(String name, OffHeapTable table, long linksField) {
        this.name = name;
        this.table = table;
        this.previousField = linksField;
        this.nextField = linksField + Integer.BYTES;
    }

    /** Records in the list. */
    public int size() {
        return size;
    }

    /** The oldest record of the list, or -1. */
    public int first() {
        return first;
    }

    /** Initializes the links of a new record, which is in no list. */
    void initialize(int record) {
        table.setInt(record, previousField, NOT_LISTED);
    }

    /** Whether a record is in one of the lists that share its links. */
    boolean isListed(int record) {
        return table.getInt(record, previousField) != NOT_LISTED;
    }

    /** Appends a record that is in no list. */
    public void append(int record) {
        table.setInt(record, previousField, last);
        table.setInt(record, nextField, NONE);
        if (last == NONE) {
            first = record;
        } else {
            table.setInt(last, nextField, record);
        }
        last = record;
        size++;
    }

    /** Removes one of its records. */
    public void remove(int record) {
        int previous = table.getInt(record, previousField);
        int next = table.getInt(record, nextField);
        if (previous == NONE) {
            first = next;
        } else {
            table.setInt(previous, nextField, next);
        }
        if (next == NONE) {
            last = previous;
        } else {
            table.setInt(next, previousField, previous);
        }
        table.setInt(record, previousField, NOT_LISTED);
        size--;
    }

    /** Counts the records again; an {@link IllegalStateException} names what is wrong. */
    public void checkIntegrity(IntConsumer checkRecord) {
        int numListed = 0;
        int before = NONE;
        for (int record = first; record != NONE; record = table.getInt(record, nextField)) {
            checkRecord.accept(record);
            numListed++;
            if (table.getInt(record, previousField) != before || numListed > size) {
                throw new IllegalStateException("the list of " + name + " is wrong at " + record);
            }
            before = record;
        }
        if (numListed != size || last != before) {
            throw new IllegalStateException(
                    "the list of " + name + " has " + numListed + " records, " + size + " are counted");
        }
    }
}
