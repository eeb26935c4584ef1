package io.github.pastkv.cache;

/**
 * Brings a {@linkplain KvCache#release released} cache back. The caller appends each row's tokens again, in steps of
 * any size and in any order of the rows (best one row after the other, so that a row finds in the index what it shares
 * with those before it), then commits. Closing without that leaves the cache released, as it was.
 *
 * <p>For the cache's thread.
 */
public final class KvRestore implements AutoCloseable {
    private final CacheRows rows;
    private final CacheRows before;
    private boolean open = true;

    KvRestore(CacheRows rows) {
        if (!rows.isReleased()) {
            throw new IllegalStateException("the cache has not been released");
        }
        this.rows = rows;
        this.before = rows.beginRestore();
    }

    /** Rows, B. */
    public int numRows() {
        return before.batchSize();
    }

    /** Ids of the tokens that a row must hold again. */
    public int[] tokenIds(int row) {
        return before.prefixes().knownTokenIds(row);
    }

    /**
     * Makes the cache what it was before its release, slots and mask included.
     *
     * @throws IllegalStateException when a row does not hold as many tokens as before; nothing has changed
     */
    public void commit() {
        if (!open) {
            throw new IllegalStateException("the restore has ended");
        }
        rows.endRestore(before);
        open = false;
    }

    /** Without a commit before, drops what was appended: the cache is released again. */
    @Override
    public void close() {
        if (open) {
            open = false;
            rows.abandonRestore(before);
        }
    }
}
