package io.github.pastkv.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The past keys and values of a transformer: {@code batch} rows by layers, an {@linkplain KvCacheEntry entry} for each
 * layer, and the attention mask of all slots seen. It grows with what is appended, in blocks of a pool outside the heap.
 *
 * <p>A model appends through {@link #beginStep}: all layers, the mask and the positions together or not at all. A layer
 * can also be used alone through its entry, as in TransformerLens' {@code HookedTransformerKeyValueCache}, whose words
 * this class speaks. Masked tokens take no storage: a row's real tokens have positions 0, 1, 2, ... whatever pads lie
 * between them, and the views in slots show zeros at pads.
 *
 * <p>While frozen, steps see what is stored and their own tokens, and store nothing.
 *
 * <p>For one thread at a time. Owns its memory until {@link #close}; after that only what it was configured as can be
 * asked, and any other use is an {@link IllegalStateException}.
 */
public final class KvCache implements AutoCloseable {
    private KvCacheConfig config;
    private final LayerGroup[] groups;
    private final List<KvCacheEntry> entries;
    private final SlotMask mask;
    private final int[] numSlots; // [L]
    private final int[][] numTokens; // [L][B]
    private KvStep step;
    private boolean frozen;
    private boolean closed;
    private @Nullable Runnable lent;

    /** An empty cache with a pool of its own. */
    public KvCache(KvCacheConfig config) {
        this.config = config;
        KvLayout layout = new PlainKvLayout(config.shape(), config.dataType(), config.blockSize());
        BlockPool pool = new BlockPool(layout.blockBytes(), config.maxPoolBytes());
        this.groups = new LayerGroup[] {new LayerGroup(layout, pool, 0, config.batchSize())};
        this.mask = new SlotMask(config.batchSize());
        this.numSlots = new int[config.shape().numLayers()];
        this.numTokens = new int[config.shape().numLayers()][config.batchSize()];
        this.entries = makeEntries();
        this.step = new KvStep(this, stepBlocks());
    }

    private List<KvCacheEntry> makeEntries() {
        List<KvCacheEntry> made = new ArrayList<>();
        for (int layer = 0; layer < numSlots.length; layer++) {
            made.add(new KvCacheEntry(this, layer));
        }
        return List.copyOf(made);
    }

    private StepBlocks[][] stepBlocks() {
        StepBlocks[][] blocks = new StepBlocks[groups.length][config.batchSize()];
        for (int group = 0; group < groups.length; group++) {
            for (int row = 0; row < config.batchSize(); row++) {
                LayerGroup layers = groups[group];
                blocks[group][row] = new StepBlocks(layers.layout(), layers.pool(), layers.table(row));
            }
        }
        return blocks;
    }

    public KvCacheConfig config() {
        return config;
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
        requireOpen();
        requireBatch("newMask", newMask.batchSize());
        requireEvenLayers();
        takeBackLent();
        return step.beginModel(newMask, !frozen);
    }

    private void requireEvenLayers() {
        for (int layer = 0; layer < numSlots.length; layer++) {
            if (numSlots[layer] != numSlots[0] || !Arrays.equals(numTokens[layer], numTokens[0])) {
                throw new IllegalStateException("layers of unequal length: layer 0 holds " + numSlots[0]
                        + " slots, layer " + layer + " holds " + numSlots[layer]);
            }
            if (entries.get(layer).frozen() != frozen) {
                throw new IllegalStateException("layers of unequal flags: the cache is " + flag(frozen) + ", layer "
                        + layer + " is " + flag(!frozen));
            }
        }
        if (mask.numSlots() > numSlots[0]) {
            throw new IllegalStateException("the stored mask has " + mask.numSlots() + " slots, the layers hold "
                    + numSlots[0]);
        }
    }

    private static String flag(boolean frozen) {
        return frozen ? "frozen" : "not frozen";
    }

    /** Called by the step when it is taken over. */
    void stepCommitted(int fromLayer, int toLayer, AttentionMask newMask, boolean appendsMask) {
        if (appendsMask) {
            mask.extendTo(numSlots[0]);
            mask.append(newMask);
        }
        for (int layer = fromLayer; layer < toLayer; layer++) {
            numSlots[layer] += newMask.numSlots();
            for (int row = 0; row < batchSize(); row++) {
                numTokens[layer][row] += newMask.numReal(row);
            }
        }
    }

    /**
     * Stores which of the next slots are real, before the layers' entries append them; a model step does this by itself.
     *
     * @return the stored mask with the new one behind it; while frozen that is not stored
     * @throws IllegalArgumentException for other rows, or a pad where an entry already holds a real token
     * @throws IllegalStateException while a step is open, which brings its own mask
     */
    public AttentionMask appendAttentionMask(AttentionMask newMask) {
        requireOpen();
        requireNoStep();
        requireBatch("newMask", newMask.batchSize());
        requireAgreesWithStored(newMask);
        AttentionMask joined = mask.joined(newMask);
        if (!frozen) {
            mask.append(newMask);
        }
        return joined;
    }

    private void requireAgreesWithStored(AttentionMask newMask) {
        int longest = Arrays.stream(numSlots).max().orElse(0);
        for (int row = 0; row < batchSize(); row++) {
            for (int slot = mask.numSlots(); slot < Math.min(longest, mask.numSlots() + newMask.numSlots()); slot++) {
                if (!newMask.isReal(row, slot - mask.numSlots())) {
                    throw new IllegalArgumentException("newMask: pad at [" + row + ", " + (slot - mask.numSlots())
                            + "], slot " + slot + " already holds a real token");
                }
            }
        }
    }

    /** The mask of all slots so far, {@code [batch, pos_so_far]}. */
    public AttentionMask previousAttentionMask() {
        requireOpen();
        return mask.slice(0, mask.numSlots());
    }

    /** Slots so far, pads included; of layer 0 where layers differ. */
    public int numSlots() {
        requireOpen();
        return numSlots[0];
    }

    /** Real tokens of a row; of layer 0 where layers differ. */
    public int numTokens(int row) {
        requireOpen();
        return numTokens[0][row];
    }

    /** Whether steps store nothing. */
    public boolean frozen() {
        requireOpen();
        return frozen;
    }

    /** From now on steps see what is stored and store nothing; sets the flag of every entry. */
    public void freeze() {
        setFrozen(true);
    }

    /** Steps store again; clears the flag of every entry. */
    public void unfreeze() {
        setFrozen(false);
    }

    private void setFrozen(boolean newFrozen) {
        requireOpen();
        frozen = newFrozen;
        entries.forEach(entry -> entry.setFrozen(newFrozen));
    }

    /**
     * Keeps the first {@code newNumSlots} slots of every row and layer, and of the mask; nothing is copied. Snapshots taken
     * before keep theirs. Allowed while frozen too: it is the caller, not a step, who takes away.
     *
     * @throws IllegalArgumentException when a layer holds fewer slots
     */
    public void truncate(int newNumSlots) {
        requireOpen();
        requireNoStep();
        for (int layer = 0; layer < numLayers(); layer++) {
            if (newNumSlots < 0 || newNumSlots > numSlots[layer]) {
                throw new IllegalArgumentException("newNumSlots: " + newNumSlots + ", layer " + layer + " holds "
                        + numSlots[layer] + " slots");
            }
        }
        takeBackLent();
        for (int row = 0; row < batchSize(); row++) {
            int numKept = mask.slice(0, newNumSlots).numReal(row);
            for (LayerGroup group : groups) {
                group.truncate(row, numKept);
            }
            for (int layer = 0; layer < numLayers(); layer++) {
                numTokens[layer][row] = numKept;
                numSlots[layer] = newNumSlots;
            }
        }
        mask.truncate(newNumSlots);
    }

    /**
     * Makes row i what row {@code rows[i]} was: drops, reorders and repeats rows, and so changes the batch size. Rows that
     * repeat share their blocks; the first to write to a shared block copies that one.
     *
     * @param rows numbers of present rows, at least one; repeats are allowed
     */
    public void selectRows(int... rows) {
        requireOpen();
        requireNoStep();
        KvShape.requirePositive("rows.length", rows.length);
        for (int row : rows) {
            Objects.checkIndex(row, batchSize());
        }
        takeBackLent();
        for (LayerGroup group : groups) {
            group.selectRows(rows);
        }
        mask.selectRows(rows);
        for (int layer = 0; layer < numLayers(); layer++) {
            int[] before = numTokens[layer];
            numTokens[layer] = Arrays.stream(rows).map(row -> before[row]).toArray();
        }
        config = config.withBatchSize(rows.length);
        step = new KvStep(this, stepBlocks());
    }

    /** Forgets all tokens and the mask; flags stay. Snapshots taken before keep theirs. */
    public void reset() {
        requireOpen();
        requireNoStep();
        takeBackLent();
        for (LayerGroup group : groups) {
            group.reset();
        }
        mask.clear();
        Arrays.fill(numSlots, 0);
        for (int[] layer : numTokens) {
            Arrays.fill(layer, 0);
        }
    }

    /** Bytes of the blocks that hold this cache's tokens; blocks that rows share count once. */
    public long cacheBytes() {
        requireOpen();
        return Arrays.stream(groups).mapToLong(LayerGroup::heldBytes).sum();
    }

    /** Checks the pool's bookkeeping; an {@link IllegalStateException} names what is wrong. */
    public void checkIntegrity() {
        for (LayerGroup group : groups) {
            group.pool().checkIntegrity();
        }
    }

    /** Lets go of all memory but that of open snapshots. Closing again does nothing. */
    @Override
    public void close() {
        if (!closed) {
            step.close();
            takeBackLent();
            closed = true;
            for (LayerGroup group : groups) {
                group.close();
            }
        }
    }

    int numTokens(int layer, int row) {
        return numTokens[layer][row];
    }

    int numSlots(int layer) {
        requireOpen();
        return numSlots[layer];
    }

    float read(int layer, int row, boolean ofKeys, int position, int kvHead, int dim) {
        requireOpen();
        return groups[groupOf(layer)].read(layer, row, ofKeys, position, kvHead, dim);
    }

    SlotMask slotMask() {
        return mask;
    }

    LayerGroup group(int index) {
        return groups[index];
    }

    int groupOf(int layer) {
        int group = 0;
        while (!groups[group].holds(layer)) {
            group++;
        }
        return group;
    }

    KvStep beginEntryStep(int layer, AttentionMask newMask, boolean stores) {
        takeBackLent();
        return step.beginEntry(layer, newMask, stores);
    }

    /** Remembers what was lent until the next change. */
    void lend(Runnable takeBack) {
        lent = takeBack;
    }

    private void takeBackLent() {
        if (lent != null) {
            lent.run();
            lent = null;
        }
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the cache is closed");
        }
    }

    void requireNoStep() {
        if (step.isOpen()) {
            throw new IllegalStateException("a step of this cache is open; commit or close it first");
        }
    }

    void requireBatch(String name, long rows) {
        if (rows != batchSize()) {
            throw new IllegalArgumentException(
                    name + ": " + rows + " rows, the cache is configured for a batch of " + batchSize());
        }
    }
}
