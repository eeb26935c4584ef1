package io.github.pastkv.cache;

import io.github.pastkv.cache.block.Allocation;
import io.github.pastkv.cache.block.HeldBlocks;
import io.github.pastkv.cache.block.LayerGroupTables;
import io.github.pastkv.cache.check.Require;
import io.github.pastkv.cache.events.KvEvents;
import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.cache.mask.SlotMask;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An open step: new tokens that are being written to a cache. {@link #commit} adds all layers, the mask and the
 * positions of the step to the cache in one atomic change. Until then the cache is unchanged, and {@link #close}
 * without commit discards the step. On a frozen cache the commit stores nothing.
 *
 * <p>The tokens of a step are numbered consecutively: the real tokens of row 0, then those of row 1, and so on ({@code
 * T} in total). Masked slots have no token. A cache has one open step at a time. Different threads may write different
 * tokens; everything else is for one thread. The object is reused by the next step of its cache.
 */
public final class KvStep implements StepRows, AutoCloseable {
    /** Fewest computed tokens of a step whose time tells how fast prompts are computed. */
    private static final int MIN_TIMED_TOKENS = 16;

    private final CacheRows rows;
    private final int maxTokens;
    private final StepLayout layout;
    private final StepStorage storage;
    private final boolean[] derived; // [B]
    private final WrittenTokens written = new WrittenTokens();

    private int fromLayer;
    private int toLayer;
    private AttentionMask newMask;
    private boolean stores;
    private boolean appendsMask;
    private boolean knowsTokens;
    private boolean publishes;
    private @Nullable Thread openedBy; // null: it is not open
    private long begunAt; // nanoTime, when its blocks were there

    /** A step over these rows, none of which may exceed {@code maxTokens}. */
    KvStep(CacheRows rows, int maxTokens) {
        this.rows = rows;
        this.maxTokens = maxTokens;
        this.layout = new StepLayout(rows.batchSize());
        this.storage = new StepStorage(rows);
        this.derived = new boolean[rows.batchSize()];
        this.newMask = AttentionMask.ones(rows.batchSize(), 0);
    }

    /** Rejects fewer ids than the mask has real tokens. */
    static void requireIds(AttentionMask mask, int[] tokenIds) {
        int numReal = mask.numReal();
        if (tokenIds.length < numReal) {
            throw new IllegalArgumentException(
                    "tokenIds: " + tokenIds.length + ", the mask has " + numReal + " real tokens");
        }
    }

    /** Begins a step of all layers without token ids, which does not use the prefix index. */
    KvStep beginModel(AttentionMask mask, boolean willStore) {
        knowsTokens = false;
        return beginModel(mask, willStore, false);
    }

    /** Begins a step of all layers with known token ids, {@code [T]}. */
    KvStep beginModel(AttentionMask mask, boolean willStore, int[] tokenIds, PrefixUse use) {
        rows.publish();
        rows.prefixes().stage(tokenIds, mask);
        knowsTokens = true;
        publishes = use != PrefixUse.STORE_LATER;
        return beginModel(mask, willStore, use == PrefixUse.REUSE);
    }

    private KvStep beginModel(AttentionMask mask, boolean willStore, boolean reuses) {
        storage.useAllGroups();
        appendsMask = true;
        stores = willStore;
        begin(0, rows.lengths().numLayers(), mask, reuses);
        return this;
    }

    /** Begins a step of one layer, whose mask is already stored or all real. */
    KvStep beginEntry(int layer, AttentionMask mask, boolean willStore) {
        storage.useGroupOf(layer);
        appendsMask = false;
        stores = willStore;
        knowsTokens = false;
        begin(layer, layer + 1, mask, false);
        return this;
    }

    /** Plans the step and allocates its blocks; throws before anything has changed. */
    private void begin(int firstLayer, int endLayer, AttentionMask mask, boolean reuses) {
        fromLayer = firstLayer;
        toLayer = endLayer;
        newMask = mask;
        Arrays.fill(derived, false);
        layout.start(rows.lengths(), fromLayer, newMask);
        for (int row = 0; row < batchSize(); row++) {
            requireRoom(row);
        }
        Allocation result = allocate(reuses);
        if (result instanceof Allocation.Exhausted exhausted) {
            KvEvents.exhaust(exhausted.numBlocksAsked(), exhausted.numBlocksFree(), exhausted.numBlocksEvictable(),
                    exhausted.limitBytes());
            throw new PoolExhaustedException(exhausted);
        }
        for (int row = 0; reuses && row < batchSize(); row++) {
            rows.prefixes().acquired(row, rows.lengths().numTokens(0, row), newMask.numReal(row),
                    layout.numReused(row));
        }
        layout.findRows();
        written.start(rows.lengths().numLayers(), numTokens());
        begunAt = System.nanoTime();
        openedBy = Thread.currentThread();
    }

    private void requireRoom(int row) {
        if (kvLength(row) > maxTokens) {
            throw new IllegalArgumentException("tokens: row " + row + " would reach " + kvLength(row)
                    + " tokens, the cache is configured for at most " + maxTokens);
        }
    }

    private Allocation allocate(boolean reuses) {
        Allocation result;
        try {
            for (int row = 0; reuses && row < batchSize(); row++) {
                rows.prefixes().load(row, rows.lengths().numTokens(0, row), newMask.numReal(row));
            }
            result = storage.allocate(layout, newMask, stores, reuses, true);
        } finally {
            rows.prefixes().endLoad();
        }
        return result instanceof Allocation.Exhausted // a step must not fail if it would succeed without an index
                ? storage.allocate(layout, newMask, stores, reuses, false)
                : result;
    }

    /** Rows, B. */
    public int batchSize() {
        return layout.numRows();
    }

    @Override
    public int numRows() {
        return layout.numRows();
    }

    @Override
    public int numTokens() {
        return layout.numTokens();
    }

    @Override
    public int rowStart(int row) {
        return layout.rowStart(row);
    }

    /** Tokens of a row in this step. */
    public int numNewTokens(int row) {
        return layout.numNewTokens(row);
    }

    /**
     * Tokens of a row in this step that were found in the index and are not computed; they do not count as new tokens.
     */
    public int numReusedTokens(int row) {
        return layout.numReused(row);
    }

    /**
     * Marks the tokens of a row in this step as derived, for example because a hook edited them. They and all that
     * follow are never indexed.
     */
    public void markDerived(int row) {
        requireOpen();
        derived[row] = true;
    }

    /** Tokens of a row before those that are computed; the position of its first new token. */
    public int pastLength(int row) {
        return layout.pastLength(row);
    }

    @Override
    public int kvLength(int row) {
        return layout.kvLength(row);
    }

    /** Position of a token of the step, which must be one of {@code row}'s. */
    public int position(int row, int token) {
        return layout.position(row, token);
    }

    @Override
    public int position(int token) {
        return position(layout.rowOf(token), token);
    }

    @Override
    public int rowOf(int token) {
        return layout.rowOf(token);
    }

    /** The mask of the step's slots. */
    public AttentionMask newMask() {
        return newMask;
    }

    /** Slots before this step, pads included. */
    public int pastSlots() {
        return rows.lengths().numSlots(fromLayer);
    }

    /** The mask of the slots before this step followed by those of this step. */
    public AttentionMask mask() {
        SlotMask joined = new SlotMask(batchSize());
        joined.append(rows.mask().slice(0, pastSlots()));
        joined.append(newMask);
        return joined.slice(0, joined.numSlots());
    }

    /** Whether a layer still holds a row's token at this position; windows evict old ones. */
    public boolean holds(int layer, int row, int position) {
        LayerGroupTables group = rows.groupOf(layer);
        Require.index("row", row, batchSize());
        return position >= group.table(row).firstHeld() || position < group.storage().window().numSinks();
    }

    /** One element of a row's key in a layer, of this step or before it, as stored and widened to float; slow. */
    public float readKey(int layer, int row, int position, int kvHead, int dim) {
        return read(layer, row, true, position, kvHead, dim);
    }

    /** One element of a row's value in a layer. */
    public float readValue(int layer, int row, int position, int kvHead, int dim) {
        return read(layer, row, false, position, kvHead, dim);
    }

    private float read(int layer, int row, boolean ofKeys, int position, int kvHead, int dim) {
        KvBlocks blocks = blocks(layer, row);
        KvShape shape = blocks.layout().shape();
        Require.index("position", position, kvLength(row)); // what lies behind it was written by others
        Require.index("kvHead", kvHead, shape.numKvHeads());
        Require.index("dim", dim, ofKeys ? shape.headDim() : shape.valueDim());
        return blocks.read(layerInGroup(layer), ofKeys, position, kvHead, dim);
    }

    @Override
    public KvBlocks blocks(int layer, int row) {
        requireOpen();
        Require.index("layer", layer, rows.lengths().numLayers());
        Require.index("row", row, batchSize());
        return storage.of(layer, row);
    }

    /** The index of a layer within its {@code KvLayout}. */
    public int layerInGroup(int layer) {
        return rows.groupOf(layer).storage().layerInGroup(layer);
    }

    @Override
    public int layerInGroup(int layer, int row) {
        return layerInGroup(layer);
    }

    @Override
    public KvWindow window(int layer, int row) {
        return rows.groupOf(layer).storage().window();
    }

    /**
     * Stores keys and values of tokens {@code [firstToken + from, firstToken + to)} in one layer, rounded to the
     * storage type.
     *
     * @param keys F32 {@code [n, K * D]} whose row 0 is {@code firstToken}'s, after RoPE; rows contiguous, with any row
     *        stride
     * @param values F32 {@code [n, K * D]}; of a latent, which has no values of its own, the same tensor as
     *        {@code keys}
     * @throws IllegalArgumentException for another type or width, before anything is written; for a number beyond the
     *        range of the storage type, naming layer, position and number; the step cannot be committed after that
     * @throws IllegalStateException when the step has ended
     */
    @Override
    public void write(int layer, Tensor keys, Tensor values, int firstToken, int from, int to) {
        requireOpen();
        Objects.requireNonNull(keys, "keys: null");
        Objects.requireNonNull(values, "values: null");
        Require.index("layer", layer, rows.lengths().numLayers());
        Require.range("tokens", firstToken + from, firstToken + to, numTokens());
        requireWritable("keys", keys, from, to);
        requireWritable("values", values, from, to);
        requireLatentsOnly(keys, values);
        for (int i = from; i < to; i++) {
            int row = layout.rowOf(firstToken + i);
            int position = position(row, firstToken + i);
            writeToken(layer, row, position, keys, i * keys.stride(0), values, i * values.stride(0));
        }
        written.mark(layer, firstToken + from, firstToken + to);
    }

    /** Marks all tokens of a layer as written, each of them by {@link #writeToken}. */
    void markWritten(int layer) {
        written.mark(layer, 0, numTokens());
    }

    private void requireWritable(String name, Tensor tensor, int from, int to) {
        KvShape shape = rows.group(0).layout().shape();
        int width = shape.numKvHeads() * shape.headDim();
        if (tensor.dataType() != DataType.F32 || tensor.rank() != 2 || tensor.shape(1) != width
                || tensor.stride(1) != 1) {
            throw new IllegalArgumentException(
                    name + ": " + tensor.typeAndShape() + ", must be F32 [n, " + width + "]");
        }
        Require.range(name, from, to, tensor.shape(0));
    }

    private void requireLatentsOnly(Tensor keys, Tensor values) {
        if (rows.group(0).layout().shape().isLatent() && !keys.segment().equals(values.segment())) {
            throw new IllegalArgumentException(
                    "values: other numbers than the keys, of which those of a latent are a part");
        }
    }

    /** Stores one token from element offsets of its F32 key and value, heads one after the other. */
    void writeToken(int layer, int row, int position, Tensor keys, long keyOffset, Tensor values, long valueOffset) {
        storage.writeToken(layer, row, position, keys, keyOffset, values, valueOffset);
    }

    /**
     * Adds the step to the cache; on a frozen cache discards it.
     *
     * @throws IllegalStateException when a layer has not been written for all tokens, naming it; nothing has changed
     *        then
     */
    public void commit() {
        requireOpen();
        if (stores) {
            requireWritten();
            storage.commit();
            commitTokens();
            commitLengths();
        }
        if (knowsTokens && numTokens() >= MIN_TIMED_TOKENS) {
            rows.prefixes().computed(numTokens(), System.nanoTime() - begunAt);
        }
        close();
    }

    /**
     * Ends a step that failed or was canceled: the cache is as before. Tokens that are known and were written in all
     * layers, of each row from its first on, are published to the pool's index, so that another try finds them there;
     * of windowed layers nothing is kept.
     */
    public void abandon() {
        requireOpen();
        int numWritten = stores && knowsTokens && publishes && !rows.isWindowed() ? numWrittenInAllLayers() : 0;
        if (numWritten > 0) {
            storage.commit();
            for (int row = 0; row < batchSize(); row++) {
                int numNew = Math.clamp(numWritten - (long) layout.rowStart(row), 0, numNewTokens(row));
                rows.prefixes().commit(row, rows.lengths().numTokens(0, row), layout.numReused(row) + numNew);
            }
            rows.publish();
            rows.dropUncounted();
        }
        close();
    }

    private int numWrittenInAllLayers() {
        int fewest = numTokens();
        for (int layer = fromLayer; layer < toLayer; layer++) {
            fewest = Math.min(fewest, written.firstUnwritten(layer));
        }
        return fewest;
    }

    /** Without this check the cache would expose the data of an earlier owner of the block. */
    private void requireWritten() {
        for (int layer = fromLayer; layer < toLayer; layer++) {
            int token = written.firstUnwritten(layer);
            if (token < numTokens()) {
                throw new IllegalStateException("layer " + layer + " has no keys and values for the token at position "
                        + position(token) + " of row " + layout.rowOf(token)
                        + "; write every layer for all tokens of the step before commit");
            }
        }
    }

    private void commitTokens() {
        for (int row = 0; row < batchSize(); row++) {
            if (knowsTokens) {
                rows.prefixes().commit(row, rows.lengths().numTokens(0, row), newMask.numReal(row));
            }
            if (derived[row] && numNewTokens(row) > 0) {
                rows.prefixes().markDerived(row, layout.pastLength(row));
            }
        }
    }

    private void commitLengths() {
        if (appendsMask) {
            rows.appendMask(newMask);
        }
        rows.lengths().append(fromLayer, toLayer, newMask);
        if (knowsTokens && publishes) {
            rows.publish(); // before windows release blocks that the index can still use
        }
        rows.evictOutOfWindow();
    }

    /** The tokens of a row that the step's tokens attend to, including their own, held for a reader. */
    HeldBlocks hold(int layer, int row) {
        return storage.of(layer, row).hold();
    }

    boolean isOpen() {
        return openedBy != null;
    }

    private void requireOpen() {
        if (openedBy == null) {
            throw new IllegalStateException("the step has ended");
        }
    }

    /** Refuses if another thread, which is alive, has it open: that thread may be writing. */
    void requireNotOpenElsewhere() {
        Thread opener = openedBy;
        if (opener != null && !opener.equals(Thread.currentThread()) && opener.isAlive()) {
            throw new IllegalStateException("a step of this cache is open in thread " + opener.getName());
        }
    }

    /** Ends the step and discards it if it was not committed. */
    @Override
    public void close() {
        if (openedBy != null) {
            openedBy = null;
            storage.rollBack();
        }
    }

    @Override
    public String toString() {
        return openedBy != null ? "KvStep[" + numRows() + " rows, " + numTokens() + " new tokens]" : "KvStep[closed]";
    }
}
