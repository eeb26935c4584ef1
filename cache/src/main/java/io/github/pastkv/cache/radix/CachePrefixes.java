package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.BlockTable;
import io.github.pastkv.cache.block.LayerGroupTables;
import io.github.pastkv.cache.block.StepBlocks;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.cache.prefix.PrefixIndex.Pin;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The known token ids of a cache's rows, and the connection to the pool's index: acquires prefixes from it and
 * publishes to it.
 */
public final class CachePrefixes {
    private final @Nullable RadixPrefixIndex index;
    private final @Nullable PrefixNamespace namespace;
    private RowTokens[] rows;
    private final List<Pin> loaded = new ArrayList<>();

    private CachePrefixes(@Nullable RadixPrefixIndex index, @Nullable PrefixNamespace namespace, RowTokens[] rows) {
        this.index = index;
        this.namespace = namespace;
        this.rows = rows;
    }

    /** For empty rows; without a namespace the index is not used. */
    public static CachePrefixes empty(@Nullable RadixPrefixIndex index, @Nullable PrefixNamespace namespace,
            int batchSize) {
        RowTokens[] rows = new RowTokens[batchSize];
        Arrays.setAll(rows, _ -> new RowTokens());
        return new CachePrefixes(namespace == null ? null : index, namespace, rows);
    }

    public CachePrefixes fork() {
        return new CachePrefixes(index, namespace,
                Arrays.stream(rows).map(RowTokens::copy).toArray(RowTokens[]::new));
    }

    /** Those of as many empty rows, of the same index and namespace. */
    public CachePrefixes emptied() {
        return empty(index, namespace, rows.length);
    }

    /** Whether the pool's index takes in what these rows hold. */
    public boolean isIndexed() {
        return index != null && namespace != null;
    }

    /** Whether all of a row's tokens are known and exact. */
    public boolean isKnownAndExact(int row, int numTokens) {
        return rows[row].isKnownAndExact(numTokens);
    }

    /** The rows hold no blocks any more. */
    public void forgetPublished() {
        for (RowTokens row : rows) {
            row.forgetPublished();
        }
    }

    public Optional<PrefixNamespace> namespace() {
        return Optional.ofNullable(namespace);
    }

    public int batchSize() {
        return rows.length;
    }

    /** Marks a row's tokens from a position on, and all that follows them, as derived. */
    public void markDerived(int row, int fromPosition) {
        rows[row].markDerived(fromPosition);
    }

    /** Number of leading exact tokens of a row of {@code numTokens} tokens. */
    public int numExact(int row, int numTokens) {
        return rows[row].numExact(numTokens);
    }

    /** Stages the token ids of a step: those of row 0, then those of row 1, and so on. */
    public void stage(int[] tokenIds, AttentionMask mask) {
        int from = 0;
        for (int row = 0; row < rows.length; row++) {
            rows[row].stage(tokenIds, from, mask.numReal(row));
            from += mask.numReal(row);
        }
    }

    /** Fills an empty row of {@code numTokens} tokens with known ids, of which the first are exact. */
    public void fill(int row, int[] tokenIds, int numExact, int numTokens) {
        rows[row].stage(tokenIds, 0, tokenIds.length);
        rows[row].commit(0, tokenIds.length);
        if (numExact < numTokens) {
            rows[row].markDerived(numExact);
        }
    }

    /** Loads blocks of a row's staged tokens that the index lacks from the store; ends with {@link #endLoad}. */
    public void load(int row, int numTokens, int numNewTokens) {
        if (index != null && namespace != null && asks(row, numTokens, numNewTokens)) {
            Pin pin = index.loadFromStore(namespace, rows[row].tokenIds(), numTokens + numNewTokens);
            if (pin != null) {
                loaded.add(pin);
            }
        }
    }

    /** Makes loaded blocks evictable again, if no row has acquired them. */
    public void endLoad() {
        if (!loaded.isEmpty()) {
            loaded.forEach(Pin::close);
            loaded.clear();
        }
    }

    /**
     * Looks up further tokens of a row in the index, and acquires their blocks into {@code blocks}.
     *
     * @param numTokens tokens of the row
     * @param numNewTokens staged tokens, of which the last is always computed
     * @param allowCopy whether part of a block may be reused, which copies it
     * @param blocks the row's in each group, {@code [G][B]}
     * @return number of staged tokens found
     */
    public int acquirePrefix(int row, int numTokens, int numNewTokens, boolean allowCopy, StepBlocks[][] blocks) {
        if (index == null || namespace == null || !asks(row, numTokens, numNewTokens)) {
            return 0;
        }
        RadixPrefixIndex.Request request = new RadixPrefixIndex.Request(rows[row].tokenIds(), numTokens,
                numTokens + numNewTokens - 1, allowCopy);
        BlockTable[] acquired = index.acquirePrefix(namespace, request);
        for (int group = 0; group < acquired.length; group++) {
            blocks[group][row].useTable(acquired[group]);
        }
        return request.numFound() - numTokens;
    }

    private boolean asks(int row, int numTokens, int numNewTokens) {
        return numNewTokens >= 2 && rows[row].isKnownAndExact(numTokens);
    }

    /** Counts the result of {@link #acquirePrefix}, once the step has allocated everything. */
    public void acquired(int row, int numTokens, int numNewTokens, int numReused) {
        if (index != null && namespace != null && asks(row, numTokens, numNewTokens)) {
            index.lookedUp(namespace, numTokens, numNewTokens - 1, numReused);
        }
    }

    /** A step has computed tokens, in this time. */
    public void computed(int numTokens, long nanos) {
        if (index != null && namespace != null) {
            index.computed(numTokens, nanos);
        }
    }

    /** The known leading ids of a row. */
    public int[] knownTokenIds(int row) {
        return Arrays.copyOf(rows[row].tokenIds(), rows[row].numKnown());
    }

    /** Commits the staged tokens of a row that held {@code numTokens} tokens. */
    public void commit(int row, int numTokens, int numNewTokens) {
        rows[row].commit(numTokens, numNewTokens);
    }

    /** Publishes all known and exact tokens that are not in the index yet. */
    public void publish(LayerGroupTables[] groups) {
        if (index != null && namespace != null) {
            for (int row = 0; row < rows.length; row++) {
                if (rows[row].numPublishable() > rows[row].numPublished()) {
                    index.publish(namespace, rows[row], tablesOf(row, groups));
                }
            }
        }
    }

    /** The texts end for now; see {@link RadixPrefixIndex#endText}. */
    public void endTexts() {
        if (index != null && namespace != null) {
            for (RowTokens row : rows) {
                index.endText(row);
            }
        }
    }

    private static BlockTable[] tablesOf(int row, LayerGroupTables[] groups) {
        return Arrays.stream(groups).map(group -> group.table(row)).toArray(BlockTable[]::new);
    }

    /** Appends derived rows with unknown tokens. */
    public void addDerivedRows(int numRows) {
        int before = rows.length;
        rows = Arrays.copyOf(rows, before + numRows);
        for (int row = before; row < rows.length; row++) {
            rows[row] = new RowTokens();
            rows[row].markDerived(0);
        }
    }

    public void truncate(int row, int numTokens) {
        rows[row].truncate(numTokens);
    }

    public void selectRows(int[] selected) {
        rows = Arrays.stream(selected).mapToObj(row -> rows[row].copy()).toArray(RowTokens[]::new);
    }
}
