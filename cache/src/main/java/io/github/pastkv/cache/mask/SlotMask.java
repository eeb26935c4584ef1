package io.github.pastkv.cache.mask;

import io.github.pastkv.cache.check.Require;
import java.util.Arrays;
import java.util.BitSet;

/** The growing mask of a cache, which marks padding among its slots. Not thread-safe. */
public final class SlotMask {
    private BitSet[] masked;
    private int numSlots;

    public SlotMask(int batchSize) {
        Require.positive("batchSize", batchSize);
        masked = new BitSet[batchSize];
        clear();
    }

    public void clear() {
        for (int row = 0; row < masked.length; row++) {
            masked[row] = new BitSet(0);
        }
        numSlots = 0;
    }

    public int numSlots() {
        return numSlots;
    }

    /** Whether a slot is a real token; later slots count as real. */
    boolean isReal(int row, int slot) {
        return !masked[row].get(slot);
    }

    /** Extends the mask to {@code newNumSlots} slots, which are real. */
    public void extendTo(int newNumSlots) {
        numSlots = Math.max(numSlots, newNumSlots);
    }

    /** Removes the slots from {@code newNumSlots} on. */
    public void truncate(int newNumSlots) {
        for (BitSet row : masked) {
            row.clear(newNumSlots, Math.max(newNumSlots, row.length()));
        }
        numSlots = Math.min(numSlots, newNumSlots);
    }

    /** Turns the real tokens of a row from index {@code firstToken} on into padding. */
    public void maskFrom(int row, int firstToken) {
        int slot = 0;
        for (int token = 0; slot < numSlots && (token < firstToken || masked[row].get(slot)); slot++) {
            token += masked[row].get(slot) ? 0 : 1;
        }
        masked[row].set(slot, numSlots);
    }

    /** Removes slots at the end that are padding in every row; returns how many slots remain. */
    public int trim() {
        int numKept = 0;
        for (BitSet row : masked) {
            numKept = Math.max(numKept, numSlots == 0 ? 0 : row.previousClearBit(numSlots - 1) + 1);
        }
        truncate(numKept);
        return numKept;
    }

    /**
     * A copy that only reads this mask (a BitSet's own clone may change its source, which other threads may be
     * reading).
     */
    public SlotMask copy() {
        SlotMask copy = new SlotMask(masked.length);
        copy.masked = Arrays.stream(masked).map(row -> BitSet.valueOf(row.toLongArray())).toArray(BitSet[]::new);
        copy.numSlots = numSlots;
        return copy;
    }

    /**
     * Rejects a mask with padding where the longest layer, with {@code mostSlots} slots, already holds a real token.
     */
    public void requireRealBefore(int mostSlots, AttentionMask newMask) {
        for (int row = 0; row < masked.length; row++) {
            for (int slot = numSlots; slot < Math.min(mostSlots, numSlots + newMask.numSlots()); slot++) {
                if (!newMask.isReal(row, slot - numSlots)) {
                    throw new IllegalArgumentException("newMask: pad at [" + row + ", " + (slot - numSlots)
                            + "], slot " + slot + " already holds a real token");
                }
            }
        }
    }

    /** Makes row i what row {@code rows[i]} was. */
    public void selectRows(int[] rows) {
        masked = Arrays.stream(rows).mapToObj(row -> BitSet.valueOf(masked[row].toLongArray())).toArray(BitSet[]::new);
    }

    /** Appends the rows of another mask; shorter rows are padded at the end. */
    public void addRows(SlotMask other, int[] rows) {
        int numBefore = masked.length;
        masked = Arrays.copyOf(masked, numBefore + rows.length);
        for (int i = 0; i < rows.length; i++) {
            masked[numBefore + i] = BitSet.valueOf(other.masked[rows[i]].toLongArray());
            masked[numBefore + i].set(other.numSlots, Math.max(numSlots, other.numSlots));
        }
        for (int row = 0; row < numBefore; row++) {
            masked[row].set(numSlots, Math.max(numSlots, other.numSlots));
        }
        numSlots = Math.max(numSlots, other.numSlots);
    }

    /** Appends {@code mask}. */
    public void append(AttentionMask mask) {
        put(mask, numSlots);
        numSlots += mask.numSlots();
    }

    private void put(AttentionMask mask, int fromSlot) {
        for (int row = 0; row < masked.length; row++) {
            if (mask.numReal(row) < mask.numSlots()) {
                for (int slot = 0; slot < mask.numSlots(); slot++) {
                    masked[row].set(fromSlot + slot, !mask.isReal(row, slot));
                }
            }
        }
    }

    /** The mask of slots {@code [from, to)}; slots beyond the stored ones are real. */
    public AttentionMask slice(int from, int to) {
        BitSet[] part = new BitSet[masked.length];
        for (int row = 0; row < part.length; row++) {
            part[row] = masked[row].isEmpty() ? new BitSet(0) : masked[row].get(from, to);
        }
        return AttentionMask.ofMasked(to - from, part);
    }

    /** A copy of the stored mask followed by {@code next}. */
    public AttentionMask joined(AttentionMask next) {
        SlotMask joined = new SlotMask(masked.length);
        joined.append(slice(0, numSlots));
        joined.append(next);
        return joined.slice(0, joined.numSlots);
    }
}
