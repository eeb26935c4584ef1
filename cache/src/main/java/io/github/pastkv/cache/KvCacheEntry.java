package io.github.pastkv.cache;

import io.github.pastkv.cache.block.HeldBlocks;
import io.github.pastkv.cache.block.LayerGroupTables;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.LazyTensor;
import io.github.pastkv.tensor.Tensor;

/**
 * One layer of a {@link KvCache}, which can be read and appended to separately. Shapes are those of TransformerLens:
 * {@code [batch, pos, kv_heads, d_head]}, including padding slots.
 *
 * {@snippet :
 * KvCacheEntry entry = cache.entry(0); // past_keys: [1, 0, 3, 14]
 * KeysValues past = entry.append(Tensor.ones(1, 5, 3, 14), Tensor.zeros(1, 5, 3, 14)); // [1, 5, 3, 14]
 * entry.freeze();
 * KeysValues all = entry.append(newKeys, newValues); // [1, 8, 3, 14], the entry keeps 5
 * PastTensor pastKeys = entry.pastKeys(); // [1, 5, 3, 14], a snapshot without a copy
 * }
 */
public final class KvCacheEntry {
    /** Keys and values of one layer, of equal shape. */
    public record KeysValues(LazyTensor keys, LazyTensor values) {}

    private final KvCache cache;
    private final int layer;

    KvCacheEntry(KvCache cache, int layer) {
        this.cache = cache;
        this.layer = layer;
    }

    /** The layer this entry belongs to. */
    public int layer() {
        return layer;
    }

    /** Slots so far, pads included. */
    public int numSlots() {
        return cache.numSlots(layer);
    }

    /** Whether {@link #append} stores nothing. */
    public boolean frozen() {
        cache.state().requireOpen();
        return cache.state().flags().frozen(layer);
    }

    public void freeze() {
        setFrozen(true);
    }

    public void unfreeze() {
        setFrozen(false);
    }

    private void setFrozen(boolean newFrozen) {
        cache.state().requireOpen();
        cache.state().requireUnlocked();
        cache.state().flags().setFrozen(layer, newFrozen);
    }

    /** A snapshot of all keys of this layer. */
    public PastTensor pastKeys() {
        return past(true);
    }

    /** A snapshot of all values of this layer. */
    public PastTensor pastValues() {
        return past(false);
    }

    private PastTensor past(boolean ofKeys) {
        cache.state().requireOpen();
        LayerGroupTables group = group();
        HeldBlocks[] rows = new HeldBlocks[cache.batchSize()];
        for (int row = 0; row < rows.length; row++) {
            rows[row] = group.hold(row, cache.numTokens(layer, row));
        }
        return new PastTensor(rows, group.storage().layerInGroup(layer), ofKeys, cache.slotMask().slice(0, numSlots()));
    }

    private LayerGroupTables group() {
        return cache.groupOf(layer);
    }

    /**
     * Appends keys and values of new slots to this layer alone and stores them unless frozen. Slots that
     * {@link KvCache#appendAttentionMask} declared as pads take no storage; those it has not declared are real.
     *
     * @param newKeys {@code [batch, new, kv_heads, d_head]}, F32 or, where that is plain, the type that stores them
     * @param newValues of the same shape
     * @return past and new keys and values, valid until the cache is next appended to, reset or closed
     * @throws IllegalArgumentException for a wrong shape, type or batch, before anything is written
     * @throws PoolExhaustedException when the pool has too few blocks; nothing has changed
     */
    public KeysValues append(Tensor newKeys, Tensor newValues) {
        EntryInput input = new EntryInput(cache.config(), layer, newKeys, newValues);
        try (KvStep step = begin(input)) {
            input.write(step);
            KeysValues held = hold(step, numSlots() + step.newMask().numSlots());
            step.commit();
            return asCurrentView(held);
        }
    }

    /** {@link #append} without returning a view. */
    void store(Tensor newKeys, Tensor newValues) {
        EntryInput input = new EntryInput(cache.config(), layer, newKeys, newValues);
        try (KvStep step = begin(input)) {
            input.write(step);
            step.commit();
        }
    }

    /** A step of this layer alone for the new tokens. */
    private KvStep begin(EntryInput input) {
        cache.state().requireOpen();
        input.requireFitting(cache.batchSize());
        cache.config().requireBatch("newKeys", input.newKeys().shape(0));
        cache.config().requireBatch("newValues", input.newValues().shape(0));
        int pastSlots = numSlots();
        int allSlots = Math.addExact(pastSlots, Math.toIntExact(input.newKeys().shape(1)));
        return cache.state().beginEntryStep(layer, cache.slotMask().slice(pastSlots, allSlots), !frozen());
    }

    /** The tokens that the step's tokens attend to, including those that the cache evicts with this step. */
    private KeysValues hold(KvStep step, int allSlots) {
        AttentionMask mask = cache.slotMask().slice(0, allSlots);
        HeldBlocks[] rows = new HeldBlocks[cache.batchSize()];
        HeldBlocks[] sameRows = new HeldBlocks[cache.batchSize()];
        for (int row = 0; row < rows.length; row++) {
            rows[row] = step.hold(layer, row);
            sameRows[row] = rows[row].share();
        }
        int inGroup = group().storage().layerInGroup(layer);
        return new KeysValues(new PastTensor(rows, inGroup, true, mask),
                new PastTensor(sameRows, inGroup, false, mask));
    }

    private KeysValues asCurrentView(KeysValues held) {
        cache.state().setCurrentView(() -> {
            ((PastTensor) held.keys()).close();
            ((PastTensor) held.values()).close();
        });
        return held;
    }

    /** The layer and the shape of its keys, for example {@code KvCacheEntry[layer 0, [1, 5, 3, 14]]}. */
    @Override
    public String toString() {
        KvShape shape = cache.config().shape();
        return "KvCacheEntry[layer " + layer + ", "
                + (cache.state().isClosed()
                        ? "closed]"
                        : "[" + cache.batchSize() + ", " + numSlots() + ", " + shape.numKvHeads() + ", "
                                + shape.headDim() + "]]");
    }
}
