package io.github.pastkv.cache.mask;

import io.github.pastkv.cache.check.Require;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;

/**
 * Marks the real tokens of a token matrix {@code [batch, slots]}: 1 for a token, 0 for padding, which may be anywhere.
 * Immutable.
 */
public final class AttentionMask {
    private final int batchSize;
    private final int numSlots;
    /** The masked slots of each row; an empty set takes no memory. */
    private final BitSet[] masked;

    private AttentionMask(int batchSize, int numSlots, BitSet[] masked) {
        this.batchSize = batchSize;
        this.numSlots = numSlots;
        this.masked = masked;
    }

    /** All slots real. */
    public static AttentionMask ones(int batchSize, int numSlots) {
        Require.positive("batchSize", batchSize);
        Require.notNegative("numSlots", numSlots);
        BitSet[] masked = new BitSet[batchSize];
        for (int row = 0; row < batchSize; row++) {
            masked[row] = new BitSet(0);
        }
        return new AttentionMask(batchSize, numSlots, masked);
    }

    /** Rows of these lengths, padded on the right to the longest. */
    public static AttentionMask ofLengths(int... lengths) {
        Objects.requireNonNull(lengths, "lengths: null");
        AttentionMask mask = ones(lengths.length, Math.max(0, Arrays.stream(lengths).max().orElse(0)));
        for (int row = 0; row < lengths.length; row++) {
            Require.notNegative("lengths", lengths[row]);
            mask.masked[row].set(lengths[row], mask.numSlots);
        }
        return mask;
    }

    /** From the slots that are padding in each row, which take memory only as far as they go. */
    public static AttentionMask ofPadding(int numSlots, int[]... paddingOfRows) {
        Require.noNulls("paddingOfRows", paddingOfRows);
        AttentionMask mask = ones(paddingOfRows.length, numSlots);
        for (int row = 0; row < paddingOfRows.length; row++) {
            for (int slot : paddingOfRows[row]) {
                Require.index("slot", slot, numSlots);
                mask.masked[row].set(slot);
            }
        }
        return mask;
    }

    /** From rows of 0 and 1 of equal length; other numbers are rejected. */
    public static AttentionMask of(int[]... rows) {
        Require.noNulls("rows", rows);
        AttentionMask mask = ones(rows.length, rows.length == 0 ? 0 : rows[0].length);
        for (int row = 0; row < rows.length; row++) {
            requireWidth(row, rows[row].length, mask.numSlots);
            for (int slot = 0; slot < mask.numSlots; slot++) {
                mask.masked[row].set(slot, requireBit(row, slot, rows[row][slot]) == 0);
            }
        }
        return mask;
    }

    private static void requireWidth(int row, int width, int expected) {
        if (width != expected) {
            throw new IllegalArgumentException("mask: row " + row + " has " + width + " slots, row 0 has " + expected);
        }
    }

    private static int requireBit(int row, int slot, int bit) {
        if (bit != 0 && bit != 1) {
            throw new IllegalArgumentException("mask: " + bit + " at [" + row + ", " + slot + "], must be 0 or 1");
        }
        return bit;
    }

    /** A mask over masked slots, which the caller must not change any more. */
    static AttentionMask ofMasked(int numSlots, BitSet[] masked) {
        return new AttentionMask(masked.length, numSlots, masked);
    }

    public int batchSize() {
        return batchSize;
    }

    public int numSlots() {
        return numSlots;
    }

    public boolean isReal(int row, int slot) {
        Require.index("row", row, batchSize);
        Require.index("slot", slot, numSlots);
        return !masked[row].get(slot);
    }

    /** Real tokens of all rows. */
    public int numReal() {
        int numReal = 0;
        for (int row = 0; row < batchSize; row++) {
            numReal += numReal(row);
        }
        return numReal;
    }

    /** Real tokens of a row. */
    public int numReal(int row) {
        Require.index("row", row, batchSize);
        return numSlots - masked[row].cardinality();
    }

    /** Real tokens of a row in slots {@code [0, toSlot)}: the position of a real token at {@code toSlot}. */
    public int numReal(int row, int toSlot) {
        Require.index("row", row, batchSize);
        Require.index("toSlot", toSlot, numSlots + 1);
        int real = toSlot;
        for (int slot = masked[row].nextSetBit(0); slot >= 0 && slot < toSlot;
                slot = masked[row].nextSetBit(slot + 1)) {
            real--;
        }
        return real;
    }

    /** Rows of 0 and 1. */
    public int[][] toArray() {
        int[][] rows = new int[batchSize][numSlots];
        for (int row = 0; row < batchSize; row++) {
            for (int slot = 0; slot < numSlots; slot++) {
                rows[row][slot] = masked[row].get(slot) ? 0 : 1;
            }
        }
        return rows;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof AttentionMask that && batchSize == that.batchSize && numSlots == that.numSlots
                && Arrays.equals(masked, that.masked);
    }

    @Override
    public int hashCode() {
        return 31 * numSlots + Arrays.hashCode(masked);
    }

    /** For example {@code [2, 5] 00111 11111}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("[" + batchSize + ", " + numSlots + "]");
        for (int row = 0; row < batchSize; row++) {
            text.append(' ');
            for (int slot = 0; slot < numSlots; slot++) {
                text.append(masked[row].get(slot) ? '0' : '1');
            }
        }
        return text.toString();
    }
}
