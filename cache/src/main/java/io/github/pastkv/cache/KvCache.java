package io.github.pastkv.cache;

import io.github.pastkv.cache.block.LayerGroupTables;
import io.github.pastkv.cache.check.Require;
import io.github.pastkv.cache.events.KvEvents;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.cache.mask.SlotMask;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The past keys and values of a transformer: {@code batch} rows by layers, an {@linkplain KvCacheEntry entry} for each
 * layer, and the attention mask of all slots seen. It grows as tokens are appended, in blocks of an off-heap pool:
 * paged attention (PagedAttention, Kwon et al., SOSP 2023).
 *
 * <p>A model appends through {@link #beginStep}: all layers, the mask and the positions together or not at all. A layer
 * can also be used alone through its entry, as in TransformerLens' {@code HookedTransformerKeyValueCache}, whose method
 * names this class uses. Masked tokens take no storage: the real tokens of a row have positions 0, 1, 2, ... wherever
 * there is padding, and views by slot show zeros at padding.
 *
 * <p>While frozen, steps read the stored tokens and their own, and store nothing. A {@link #fork} shares all blocks
 * with this cache; each of the two copies a shared block before it writes to it (copy-on-write).
 *
 * <p>TransformerLens' cache in five lines; {@code init_cache} is the constructor:
 *
 * {@snippet :
 * KvCache cache = new KvCache(KvCacheConfig.of(new KvShape(2, 3, 14), 1)); // L, K, D; batch
 * cache.appendAttentionMask(AttentionMask.ones(1, 5));
 * cache.entries().forEach(entry -> entry.append(Tensor.ones(1, 5, 3, 14), Tensor.ones(1, 5, 3, 14)));
 * cache.freeze(); // from here on nothing is stored
 * LazyTensor keys = cache.entry(0).append(newKeys, newValues).keys(); // [1, 8, 3, 14]; numSlots() stays 5
 * }
 *
 * <p>For one thread at a time, except that any number of threads may fork a cache that is not being changed. Owns its
 * memory until {@link #close}; after that only its configuration can be read, and any other use is an
 * {@link IllegalStateException}.
 */
public final class KvCache implements AutoCloseable {
    private final KvPool pool;
    private final CacheRows rows;
    private final List<KvCacheEntry> entries;
    private KvCacheConfig config;
    private final CacheState state;

    /** An empty cache with a pool of its own. */
    public KvCache(KvCacheConfig config) {
        this(config, KvPool.ofOneCache(config), (PrefixNamespace) null);
    }

    /** An empty cache; takes ownership of one use of {@code pool}. */
    KvCache(KvCacheConfig config, KvPool pool, @Nullable PrefixNamespace namespace) {
        this(config, pool, pool.newRows(config.batchSize(), namespace));
    }

    private KvCache(KvCacheConfig config, KvPool pool, CacheRows rows) {
        this.config = config;
        this.pool = pool;
        this.rows = rows;
        this.entries = IntStream.range(0, config.shape().numLayers()).mapToObj(layer -> new KvCacheEntry(this, layer))
                .toList();
        this.state = new CacheState(rows, newStep(), LeakDetector.of(this, pool.options().leakListener()));
    }

    private KvStep newStep() {
        return new KvStep(rows, config.maxTokens());
    }

    public KvCacheConfig config() {
        return config;
    }

    /** The pool that holds the blocks, shared with forks. */
    public KvPool pool() {
        return pool;
    }

    /** The namespace in which this cache shares prefixes; empty if it does not use its pool's index. */
    public Optional<PrefixNamespace> namespace() {
        return rows.prefixes().namespace();
    }

    /** Rows. */
    public int batchSize() {
        return config.batchSize();
    }

    public int numLayers() {
        return config.shape().numLayers();
    }

    /** One entry per layer. */
    public List<KvCacheEntry> entries() {
        return entries;
    }

    public KvCacheEntry entry(int layer) {
        if (layer < 0 || layer >= entries.size()) {
            throw new IndexOutOfBoundsException("layer: " + layer + ", the cache has " + entries.size() + " layers");
        }
        return entries.get(layer);
    }

    /**
     * Begins a step over all layers for {@code newMask.numSlots()} new slots in each row.
     *
     * @throws IllegalArgumentException when the mask has other rows, or a row would pass {@code maxTokens}
     * @throws IllegalStateException when layers differ in length or in their frozen flag, naming them, or when another
     *         step is open
     * @throws PoolExhaustedException when the pool has too few blocks
     */
    public KvStep beginStep(AttentionMask newMask) {
        requireStepOf(newMask);
        state.beginChange();
        return state.step().beginModel(newMask, !state.flags().frozen());
    }

    /**
     * {@link #beginStep(AttentionMask)} with known token ids, so that the step can reuse prefixes from the pool's index
     * and publish its tokens there. Without an index, or for rows with unknown or derived tokens, the ids have no
     * effect.
     *
     * @param tokenIds ids of the real tokens, those of row 0, then those of row 1, and so on; tokens counted by
     *        {@link KvStep#numReusedTokens} are not computed
     */
    public KvStep beginStep(AttentionMask newMask, int[] tokenIds, PrefixUse use) {
        Objects.requireNonNull(tokenIds, "tokenIds: null");
        Objects.requireNonNull(use, "use: null");
        requireStepOf(newMask);
        KvStep.requireIds(newMask, tokenIds);
        state.beginChange();
        return state.step().beginModel(newMask, !state.flags().frozen(), tokenIds, use);
    }

    private void requireStepOf(AttentionMask newMask) {
        state.requireOpen();
        config.requireBatch("newMask", Objects.requireNonNull(newMask, "newMask: null").batchSize());
        state.requirePresent();
        requireEvenLayers();
    }

    /**
     * Whether {@link #release} can take the blocks: the cache holds some, is not frozen, has no step or edit open, and
     * the ids of all its tokens are known and exact, so that they can be computed again.
     */
    public boolean canRelease() {
        return state.isChangeable() && !state.flags().frozen() && rows.canRelease();
    }

    /**
     * Lets go of all blocks; whole ones stay in the pool's index for as long as nobody needs their memory. Mask,
     * lengths and token ids stay, and {@link #truncateRow}, {@link #rewind}, {@link #selectRows}, {@link #fork} and
     * {@link #reset} work on; before keys and values are read or appended, {@link #beginRestore} brings them back.
     *
     * @throws IllegalStateException unless {@link #canRelease}; nothing has changed
     */
    public void release() {
        state.requireOpen();
        state.requireNoStep();
        if (!canRelease()) {
            throw new IllegalStateException("the cache cannot be released: it is frozen or empty, or holds tokens that"
                    + " cannot be computed again from their ids");
        }
        state.invalidateView();
        rows.releaseBlocks();
    }

    /** Whether this cache holds any block; false once it is closed. */
    public boolean holdsBlocks() {
        return !state.isClosed() && rows.heldBytes() > 0;
    }

    /** Whether the blocks have been {@linkplain #release released} and not restored since. */
    public boolean isReleased() {
        return rows.isReleased();
    }

    /**
     * Begins to bring a released cache back: until the result is committed the cache is an empty one, to which each
     * row's tokens are appended again.
     *
     * @throws IllegalStateException unless {@link #isReleased}
     */
    public KvRestore beginRestore() {
        state.requireChangeable();
        return new KvRestore(rows);
    }

    private void requireEvenLayers() {
        rows.requireEvenLayers();
        state.flags().requireEqual();
        rows.requireMaskInLayers();
    }

    /**
     * Appends the mask of the next slots, before the entries of the layers append them; a model step does this itself.
     *
     * @return the stored mask followed by the new one, which is not stored while the cache is frozen
     * @throws IllegalArgumentException for other rows, or padding where an entry already holds a real token
     * @throws IllegalStateException while a step is open, as it has its own mask
     */
    public AttentionMask appendAttentionMask(AttentionMask newMask) {
        state.requireChangeable();
        config.requireBatch("newMask", Objects.requireNonNull(newMask, "newMask: null").batchSize());
        rows.mask().requireRealBefore(rows.lengths().mostSlots(), newMask);
        AttentionMask joined = rows.mask().joined(newMask);
        if (!state.flags().frozen()) {
            rows.mask().append(newMask);
        }
        return joined;
    }

    /** The mask of all slots so far, {@code [batch, pos_so_far]}. */
    public AttentionMask previousAttentionMask() {
        state.requireOpen();
        return rows.mask().slice(0, rows.mask().numSlots());
    }

    /** Slots so far, pads included; of layer 0 where layers differ. */
    public int numSlots() {
        return numSlots(0);
    }

    /** Real tokens of a row; of layer 0 where layers differ. */
    public int numTokens(int row) {
        state.requireOpen();
        Require.index("row", row, batchSize());
        return rows.lengths().numTokens(0, row);
    }

    /** Whether steps store nothing. */
    public boolean frozen() {
        state.requireOpen();
        return state.flags().frozen();
    }

    /** Freezes the cache: later steps read what is stored and store nothing. Sets the flag of every entry. */
    public void freeze() {
        setFrozen(true);
    }

    /** Lets later steps store again; clears the flag of every entry. */
    public void unfreeze() {
        setFrozen(false);
    }

    private void setFrozen(boolean newFrozen) {
        state.requireOpen();
        state.requireUnlocked();
        state.requirePresent();
        state.flags().setFrozen(newFrozen);
    }

    /**
     * A new cache with the same rows and blocks, not frozen. Nothing is copied now, and at most one block per row later
     * (copy-on-write). Takes time proportional to the number of blocks. Either cache may be closed first.
     *
     * @throws IllegalStateException when layers differ in length or flag
     */
    public KvCache fork() {
        state.requireOpen();
        requireEvenLayers();
        pool.joinBeside();
        KvEvents.fork(batchSize(), numSlots());
        return new KvCache(config, pool, rows.fork());
    }

    /**
     * Keeps the first {@code newNumSlots} slots of every row and layer, and of the mask; nothing is copied. Earlier
     * snapshots remain valid. Allowed while frozen, too.
     *
     * @throws IllegalArgumentException when a layer holds fewer slots, or a windowed one has evicted tokens that the
     *        next token would attend to (see {@link #canRewind}); nothing has changed
     */
    public void truncate(int newNumSlots) {
        state.beginChange();
        rows.truncate(newNumSlots);
    }

    /**
     * Keeps the first {@code newNumTokens} real tokens of one row. The slots of the removed tokens become padding, and
     * slots at the end that are padding in every row are removed.
     *
     * @throws IllegalArgumentException when the row holds fewer tokens, or a windowed layer has evicted tokens that the
     *        next token would attend to; nothing has changed
     */
    public void truncateRow(int row, int newNumTokens) {
        Require.index("row", row, batchSize());
        state.beginChange();
        rows.truncateRow(row, newNumTokens);
    }

    /**
     * Drops the last {@code numTokens} real tokens of every row, and removes slots as {@link #truncateRow} does.
     *
     * @throws IllegalArgumentException when {@link #canRewind} says no; nothing has changed
     */
    public void rewind(int numTokens) {
        state.beginChange();
        rows.rewind(numTokens);
    }

    /**
     * Whether every row can drop its last {@code numTokens} tokens. Without windows all tokens can be dropped; windowed
     * layers keep {@link KvCacheConfig#maxRewindTokens()} tokens beyond their window for this purpose.
     */
    public boolean canRewind(int numTokens) {
        state.requireOpen();
        return rows.canRewind(numTokens);
    }

    /**
     * Makes row i what row {@code selected[i]} was: drops, reorders and repeats rows, and so changes the batch size.
     * Repeated rows share their blocks; the first one to write to a shared block copies it.
     *
     * @param selected indices of existing rows, at least one; repeats are allowed
     */
    public void selectRows(int... selected) {
        state.requireChangeable();
        Require.positive("rows.length", selected.length);
        for (int row : selected) {
            Require.index("row", row, batchSize());
        }
        state.invalidateView();
        rows.selectRows(selected);
        config = config.withBatchSize(selected.length);
        state.setStep(newStep());
    }

    /** Replaces each row by {@code times} adjacent copies; no block is copied. */
    public void repeatRows(int times) {
        Require.positive("times", times);
        selectRows(IntStream.range(0, batchSize() * times).map(row -> row / times).toArray());
    }

    /** Appends empty rows, in which the slots so far are padding. */
    public void addRows(int numRows) {
        Require.positive("numRows", numRows);
        state.requireChangeable();
        requireEvenLayers();
        int before = batchSize();
        selectRows(IntStream.range(0, before + numRows).map(row -> Math.min(row, before - 1)).toArray());
        rows.emptyRows(before);
    }

    /**
     * Begins an edit of stored keys and values, from a position on in each row.
     *
     * @param fromPositions first position that may change in each row, {@code [B]}; the blocks from there on are copied
     * @throws PoolExhaustedException when the pool has too few blocks for the copies; nothing has changed
     */
    public KvEdit beginEdit(int... fromPositions) {
        requireWhole();
        config.requireBatch("fromPositions", fromPositions.length);
        KvEdit.requirePositions(rows, fromPositions);
        state.invalidateView();
        KvEdit edit = new KvEdit(rows, fromPositions);
        state.setEdit(edit);
        return edit;
    }

    /**
     * Marks the tokens of a row from a position on as derived: they were edited, grafted, re-rotated or imported, so
     * their keys and values do not follow from the token ids alone. Derived tokens can be used and forked, and are
     * never indexed.
     */
    public void markDerived(int row, int fromPosition) {
        state.requireChangeable();
        state.requirePresent();
        Require.index("fromPosition", fromPosition, numTokens(row) + 1);
        if (fromPosition < numTokens(row)) {
            rows.prefixes().markDerived(row, fromPosition);
        }
    }

    /**
     * The known ids of a row, up to the first token without an id: steps, grafts and edits may add tokens without ids.
     */
    public int[] knownTokenIds(int row) {
        state.requireOpen();
        Require.index("row", row, batchSize());
        return rows.prefixes().knownTokenIds(row);
    }

    /** Leading tokens of a row that are exact: a function of the model and the token ids. */
    public int numExactTokens(int row) {
        return rows.prefixes().numExact(row, numTokens(row));
    }

    /** Whether any row holds derived tokens. */
    public boolean isDerived() {
        return IntStream.range(0, batchSize()).anyMatch(row -> numExactTokens(row) < numTokens(row));
    }

    /** Removes all tokens and the mask; flags stay. Earlier snapshots remain valid. */
    public void reset() {
        state.beginChange();
        rows.reset();
    }

    /**
     * Bytes of the blocks that hold this cache's tokens. Blocks shared by rows count once; blocks shared with forks are
     * included.
     */
    public long cacheBytes() {
        state.requireOpen();
        return rows.heldBytes();
    }

    /** Checks the pool's bookkeeping; an {@link IllegalStateException} names what is wrong. */
    public void checkIntegrity() {
        pool.checkIntegrity();
    }

    /**
     * Rejects all changes but {@link #release} and {@link #close} until {@link #unlockChanges}: around calls of a
     * user's code between the steps of a generation. Such code may read the cache. Locks of nested calls add up.
     */
    public void lockChanges() {
        state.lock();
    }

    /** Takes one lock away; without any, changes are allowed again. */
    public void unlockChanges() {
        state.unlock();
    }

    /**
     * The texts of all rows end for now, so that a store beneath the index may keep the whole blocks at their ends too.
     * Called by {@link #close}; does nothing without an index or store.
     */
    public void endTexts() {
        if (!state.isClosed()) {
            rows.endTexts();
        }
    }

    /**
     * Frees all memory except that of forks and open snapshots. Closing again does nothing.
     *
     * @throws IllegalStateException while another thread has a step open, such as that of a session
     */
    @Override
    public void close() {
        if (!state.isClosed()) {
            state.close();
            rows.close();
            pool.leave();
        }
    }

    int numTokens(int layer, int row) {
        return rows.lengths().numTokens(layer, row);
    }

    int numSlots(int layer) {
        state.requireOpen();
        return rows.lengths().numSlots(layer);
    }

    float read(int layer, int row, boolean ofKeys, int position, int kvHead, int dim) {
        state.requireOpen();
        state.requirePresent();
        return rows.groupOf(layer).read(layer, row, ofKeys, position, kvHead, dim);
    }

    /** Whether a layer still holds a position of a row. */
    boolean holds(int layer, int row, int position) {
        state.requireOpen();
        return position < numTokens(layer, row) && rows.groupOf(layer).holds(row, position);
    }

    /** Appends rows of another cache of the pool. */
    void addRowsOf(KvCache source, int[] selected) {
        requireWhole();
        source.requireWhole();
        state.invalidateView();
        rows.addRows(source.rows, selected);
        config = config.withBatchSize(rows.batchSize());
        state.setStep(newStep());
    }

    /** Rejects a cache that is being changed, has been released, or whose layers differ. */
    void requireWhole() {
        state.requireChangeable();
        state.requirePresent();
        requireEvenLayers();
    }

    /** Makes this empty cache one of a snapshot, whose blocks are in the pool; the snapshot has been checked. */
    void fill(KvSnapshot.Cache image, int[][] blockIds) {
        state.beginChange();
        rows.fill(image, blockIds);
        setFrozen(image.frozen());
    }

    SlotMask slotMask() {
        return rows.mask();
    }

    LayerGroupTables group(int index) {
        state.requirePresent();
        return rows.group(index);
    }

    LayerGroupTables groupOf(int layer) {
        state.requirePresent();
        return rows.groupOf(layer);
    }

    /** What is allowed now. */
    CacheState state() {
        return state;
    }

    @Override
    public String toString() {
        return state.isClosed()
                ? "KvCache[closed]"
                : "KvCache[" + batchSize() + " rows, " + numSlots() + " slots, " + numLayers() + " layers]";
    }
}
