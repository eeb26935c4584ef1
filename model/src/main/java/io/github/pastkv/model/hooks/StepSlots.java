package io.github.pastkv.model.hooks;

import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.mask.AttentionMask;
import java.util.Objects;

/**
 * Where the slots of a step lie: which are real tokens, and their absolute positions in their rows. So a hook that
 * edits "position 2" does the same with a cache and without, whatever the pads.
 *
 * <p>Immutable.
 */
public final class StepSlots {
    private final AttentionMask newMask;
    private final AttentionMask mask;
    private final int numPast;
    private final int[] pastLengths; // [B]
    private final int[] rows; // [T]
    private final int[] slots; // [T]
    private final int[][] keySlots; // [B][kvLength]

    private StepSlots(KvStep step) {
        newMask = step.newMask();
        mask = step.mask();
        numPast = step.pastSlots();
        pastLengths = new int[step.batchSize()];
        rows = new int[step.numTokens()];
        slots = new int[step.numTokens()];
        keySlots = new int[step.batchSize()][];
        int token = 0;
        for (int row = 0; row < pastLengths.length; row++) {
            pastLengths[row] = step.pastLength(row);
            keySlots[row] = new int[step.kvLength(row)];
            int position = 0;
            for (int slot = 0; slot < mask.numSlots(); slot++) {
                if (mask.isReal(row, slot)) {
                    keySlots[row][position++] = slot;
                    if (slot >= numPast) {
                        rows[token] = row;
                        slots[token++] = slot - numPast;
                    }
                }
            }
        }
    }

    /** The slots of a step just begun. */
    public static StepSlots of(KvStep step) {
        return new StepSlots(step);
    }

    /** Rows, B. */
    public int batchSize() {
        return pastLengths.length;
    }

    /** Slots of this step, N, pads included. */
    public int numNew() {
        return newMask.numSlots();
    }

    /** Slots before this step, P, pads included. */
    public int numPast() {
        return numPast;
    }

    /** P + N. */
    public int kvSlots() {
        return numPast + numNew();
    }

    /** Which of the new slots are real, {@code [B, N]}. */
    public AttentionMask newMask() {
        return newMask;
    }

    /** Which of the past and new slots are real, {@code [B, P + N]}. */
    public AttentionMask mask() {
        return mask;
    }

    /** Whether a new slot is a real token. */
    public boolean isReal(int row, int slot) {
        return newMask.isReal(row, slot);
    }

    /** The absolute position of a new slot's token in its row; -1 for a pad. */
    public int position(int row, int slot) {
        return isReal(row, slot) ? pastLengths[row] + newMask.numReal(row, slot) : -1;
    }

    /** The absolute position of a past or new slot's token in its row; -1 for a pad. */
    public int keyPosition(int row, int keySlot) {
        return mask.isReal(row, keySlot) ? mask.numReal(row, keySlot) : -1;
    }

    /** The new slot that holds a row's token of this absolute position; -1 where it is not of this step. */
    public int slotOf(int row, int position) {
        Objects.checkIndex(row, batchSize());
        return position < pastLengths[row] || position >= keySlots[row].length
                ? -1
                : keySlots[row][position] - numPast;
    }

    /** The past or new slot that holds a row's token of this absolute position. */
    public int keySlotOf(int row, int position) {
        return keySlots[row][Objects.checkIndex(position, keySlots[row].length)];
    }

    /** Tokens of a row, past and new. */
    public int kvLength(int row) {
        return keySlots[row].length;
    }

    /** Tokens of a row before this step. */
    public int pastLength(int row) {
        return pastLengths[row];
    }

    /** Real tokens of the step over all rows, T. */
    public int numTokens() {
        return rows.length;
    }

    /** The row of a token of the step, tokens counted row after row. */
    public int rowOfToken(int token) {
        return rows[token];
    }

    /** The new slot of a token of the step. */
    public int slotOfToken(int token) {
        return slots[token];
    }

    /** Whether the step has no pads. */
    public boolean isDense() {
        return rows.length == batchSize() * numNew();
    }
}
