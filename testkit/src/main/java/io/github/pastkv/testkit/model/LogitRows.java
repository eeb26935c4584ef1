package io.github.pastkv.testkit.model;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Logits of consecutive tokens of one row, collected over any number of steps and compared bit by bit. Not thread-safe.
 */
public final class LogitRows {
    private final List<float[]> rows = new ArrayList<>(); // [T][V]

    /** The logits of one step of one row, {@code [T, V]}. */
    public static LogitRows of(Tensor logits) {
        LogitRows rows = new LogitRows();
        rows.add(logits);
        return rows;
    }

    /** Takes in a step of one row, {@code [T, V]}. */
    public void add(Tensor logits) {
        for (long token = 0; token < logits.shape(0); token++) {
            rows.add(logits.narrow(0, token, token + 1).toFloatArray());
        }
    }

    /** Takes in the real slots of a row of a step, {@code [B, N, V]}. */
    public void addReal(Tensor logits, AttentionMask mask, int row) {
        Tensor slots = logits.narrow(0, row, row + 1L).reshape(logits.shape(1), logits.shape(2));
        for (int slot = 0; slot < mask.numSlots(); slot++) {
            if (mask.isReal(row, slot)) {
                add(slots.narrow(0, slot, slot + 1L));
            }
        }
    }

    public int numTokens() {
        return rows.size();
    }

    /** The logits of the first tokens. */
    public LogitRows first(int numTokens) {
        return slice(0, numTokens);
    }

    /** The logits of tokens {@code [from, to)}. */
    public LogitRows slice(int from, int to) {
        LogitRows part = new LogitRows();
        part.rows.addAll(rows.subList(from, to));
        return part;
    }

    /** The bits of all numbers, token by token. */
    public int[] bits() {
        return rows.stream().flatMapToInt(
                row -> IntStream.range(0, row.length).map(id -> Float.floatToRawIntBits(row[id])))
                .toArray();
    }

    /** Fails at the first number that differs in a bit, and says how many do. */
    public void requireSameBits(String path, LogitRows expected) {
        if (rows.size() != expected.rows.size()) {
            throw new AssertionError(path + ": " + rows.size() + " tokens instead of " + expected.rows.size());
        }
        int[] actualBits = bits();
        int[] expectedBits = expected.bits();
        int first = Arrays.mismatch(actualBits, expectedBits);
        if (first >= 0) {
            int vocabSize = rows.getFirst().length;
            throw new AssertionError(path + ": other bits at token " + first / vocabSize + ", id " + first % vocabSize
                    + ": " + Float.intBitsToFloat(actualBits[first]) + " instead of "
                    + Float.intBitsToFloat(expectedBits[first]));
        }
    }
}
