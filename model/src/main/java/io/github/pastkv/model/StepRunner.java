package io.github.pastkv.model;

import io.github.pastkv.cache.AttentionMask;
import io.github.pastkv.cache.DataType;
import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.Tensor;
import io.github.pastkv.model.forward.LayerRotary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Runs steps of a model over caches: gathers the real tokens, computes, commits, hands out logits. Owns the logits' memory
 * until {@link #close}. For one thread at a time.
 */
final class StepRunner implements AutoCloseable {
    /** The longest array that every JVM can make. */
    private static final int MAX_ARRAY_LENGTH = Integer.MAX_VALUE - 8;

    private final Model model;
    private final LayerRotary rotary;
    private final int vocabSize;
    private Arena arena = Arena.ofShared();
    private Tensor logits;
    private int[] stepTokenIds = new int[16];
    private int[] wanted = new int[16];

    /** A runner for caches whose rows hold up to {@code maxSeqLen} tokens. */
    StepRunner(Model model, int maxSeqLen) {
        this.model = model;
        this.rotary = model.rotary(maxSeqLen);
        this.vocabSize = model.config().vocabSize();
        this.logits = Tensor.allocate(arena, DataType.F32, 1, vocabSize);
    }

    /** Appends slots; returns the logits of each on the heap, {@code [B, N, V]}, zeros at pads. */
    Tensor runForSlots(KvCache cache, int[][] tokenIds, AttentionMask mask) {
        int numReal = gatherAll(cache, tokenIds, mask);
        try (KvStep step = cache.beginStep(mask)) {
            Tensor slots = zeroLogits(mask); // before the step is taken over, as there may be no memory for them
            compute(step, numReal);
            spread(mask, slots);
            step.commit();
            return slots;
        }
    }

    /** Appends slots; returns the logits of all real tokens, {@code [T, V]}, valid until the next call. */
    Tensor runForAll(KvCache cache, int[][] tokenIds, AttentionMask mask) {
        return run(cache, mask, gatherAll(cache, tokenIds, mask));
    }

    /** Appends slots; returns the logits of the last real token of each row that has one, valid until the next call. */
    Tensor runForLast(KvCache cache, int[][] tokenIds, AttentionMask mask) {
        gather(cache, tokenIds, mask);
        int numWanted = 0;
        int token = 0;
        for (int row = 0; row < mask.batchSize(); row++) {
            token += mask.numReal(row);
            if (mask.numReal(row) > 0) {
                wanted[numWanted++] = token - 1;
            }
        }
        return run(cache, mask, numWanted);
    }

    private Tensor run(KvCache cache, AttentionMask mask, int numWanted) {
        try (KvStep step = cache.beginStep(mask)) {
            compute(step, numWanted);
            step.commit();
            return logits;
        }
    }

    private void compute(KvStep step, int numWanted) {
        growLogits(numWanted);
        model.forwardPass().run(step, stepTokenIds, rotary, wanted, numWanted, logits);
    }

    private int gatherAll(KvCache cache, int[][] tokenIds, AttentionMask mask) {
        int numReal = gather(cache, tokenIds, mask);
        for (int token = 0; token < numReal; token++) {
            wanted[token] = token;
        }
        return numReal;
    }

    /** Collects the ids of the real tokens, row after row; refuses what is no token or not of the cache's shape. */
    int gather(KvCache cache, int[][] tokenIds, AttentionMask mask) {
        requireShape(cache, tokenIds, mask);
        int numReal = 0;
        for (int row = 0; row < tokenIds.length; row++) {
            numReal += mask.numReal(row);
        }
        if (stepTokenIds.length < numReal) {
            stepTokenIds = new int[numReal];
            wanted = new int[numReal];
        }
        int next = 0;
        for (int row = 0; row < tokenIds.length; row++) {
            for (int slot = 0; slot < mask.numSlots(); slot++) {
                if (mask.isReal(row, slot)) {
                    stepTokenIds[next++] = requireTokenId(tokenIds[row][slot], row, slot);
                }
            }
        }
        return numReal;
    }

    private static void requireShape(KvCache cache, int[][] tokenIds, AttentionMask mask) {
        if (tokenIds.length != cache.batchSize() || mask.batchSize() != cache.batchSize()) {
            throw new IllegalArgumentException("tokenIds: " + tokenIds.length + " rows, mask: " + mask.batchSize()
                    + " rows, the session has a batch of " + cache.batchSize());
        }
        for (int row = 0; row < tokenIds.length; row++) {
            if (tokenIds[row].length != mask.numSlots()) {
                throw new IllegalArgumentException("tokenIds: row " + row + " has " + tokenIds[row].length
                        + " slots, the mask has " + mask.numSlots());
            }
        }
    }

    private int requireTokenId(int tokenId, int row, int slot) {
        if (tokenId < 0 || tokenId >= vocabSize) {
            throw new IllegalArgumentException(
                    "tokenIds: " + tokenId + " at [" + row + ", " + slot + "], the vocabulary has " + vocabSize);
        }
        return tokenId;
    }

    private Tensor zeroLogits(AttentionMask mask) {
        long count = (long) mask.batchSize() * mask.numSlots() * vocabSize;
        if (count > MAX_ARRAY_LENGTH) {
            throw new IllegalArgumentException("tokenIds: [" + mask.batchSize() + ", " + mask.numSlots()
                    + "] slots with logits of " + vocabSize
                    + " each are more than an array holds; append fewer at once");
        }
        return Tensor.of(new float[(int) count], mask.batchSize(), mask.numSlots(), vocabSize);
    }

    /** Copies the computed logits to their slots. */
    private void spread(AttentionMask mask, Tensor slots) {
        long rowBytes = (long) vocabSize * Float.BYTES;
        int token = 0;
        for (int row = 0; row < mask.batchSize(); row++) {
            for (int slot = 0; slot < mask.numSlots(); slot++) {
                if (mask.isReal(row, slot)) {
                    long slotIndex = (long) row * mask.numSlots() + slot;
                    MemorySegment.copy(logits.segment(), token++ * rowBytes, slots.segment(), slotIndex * rowBytes,
                            rowBytes);
                }
            }
        }
    }

    private void growLogits(int numRows) {
        if (logits.shape(0) < numRows) {
            Arena larger = Arena.ofShared();
            logits = Tensor.allocate(larger, DataType.F32, numRows, vocabSize);
            arena.close();
            arena = larger;
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
