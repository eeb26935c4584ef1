package io.github.pastkv.model;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.PrefixUse;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.forward.LayerRope;
import io.github.pastkv.model.forward.PassInput;
import io.github.pastkv.model.forward.PassRange;
import io.github.pastkv.model.hooks.Probe;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Runs steps of a model over caches: gathers the real tokens, computes, commits, hands out logits. Owns the logits' memory
 * until {@link #close}. For one thread at a time.
 */
final class StepRunner implements AutoCloseable {
    /** The longest array that every JVM can make. */
    private static final int MAX_ARRAY_LENGTH = Integer.MAX_VALUE - 8;

    private final Model model;
    private final LayerRope rotary;
    private final int vocabSize;
    private Arena arena = Arena.ofShared();
    private Tensor logits;
    private int[] stepTokenIds = new int[16];
    private int[] wanted = new int[16];
    private int numReusedTokens;
    private @Nullable Probe probe;

    /** A runner for caches whose rows hold up to {@code maxSeqLen} tokens. */
    StepRunner(Model model, int maxSeqLen) {
        this.model = model;
        this.rotary = model.rotary(maxSeqLen);
        this.vocabSize = model.config().vocabSize();
        this.logits = Tensor.allocate(arena, DataType.F32, 1, vocabSize);
    }

    /** Hands the activations of all steps from now on to {@code newProbe}; null for none. Returns the one before. */
    @Nullable
    Probe setProbe(@Nullable Probe newProbe) {
        Probe before = probe;
        probe = newProbe;
        return before;
    }

    /** Appends slots; returns the logits of each on the heap, {@code [B, N, V]}, zeros at pads. */
    Tensor runForSlots(KvCache cache, StepInput input) {
        AttentionMask mask = input.mask();
        PassInput packed = pack(cache, input);
        int numReal = wantAll(mask);
        try (KvStep step =
                input instanceof StepInput.Tokens ? begin(cache, mask, PrefixUse.STORE) : cache.beginStep(mask)) {
            Tensor slots = zeros(mask, vocabSize); // before the step is taken over, as there may be no memory for them
            compute(step, packed, numReal);
            spread(mask, logits, slots);
            step.commit();
            markDerived(cache, mask, !(input instanceof StepInput.Tokens));
            return slots;
        }
    }

    /** Runs the layers before {@code stopAtLayer}; returns the residual stream on the heap, {@code [B, N, E]}. */
    Tensor streamForSlots(KvCache cache, StepInput input, int stopAtLayer) {
        AttentionMask mask = input.mask();
        PassInput packed = pack(cache, input);
        try (KvStep step = cache.beginStep(mask); Arena rows = Arena.ofConfined()) {
            Tensor slots = zeros(mask, model.config().hiddenSize());
            Tensor stream = Tensor.allocate(rows, DataType.F32, step.numTokens(), model.config().hiddenSize());
            PassRange range = new PassRange(packed, stopAtLayer, false, probe);
            model.forwardPass().runRange(step, range, rotary, wanted, 0, stream);
            spread(mask, stream, slots);
            step.commit();
            return slots;
        }
    }

    /** What an editing probe or anything but token ids went into is no function of the ids. */
    private void markDerived(KvCache cache, AttentionMask mask, boolean isDerivedInput) {
        if (!cache.frozen() && (isDerivedInput || (probe != null && probe.edits()))) {
            for (int row = 0; row < mask.batchSize(); row++) {
                cache.markDerived(row, cache.numTokens(row) - mask.numReal(row));
            }
        }
    }

    /** The real rows of an input; refuses what is not of the model's or the cache's shape. */
    private PassInput pack(KvCache cache, StepInput input) {
        return switch (input) {
            case StepInput.Tokens tokens -> {
                gather(cache, tokens.tokenIds(), tokens.mask());
                yield new PassInput.Tokens(stepTokenIds);
            }
            case StepInput.Embeddings embeddings ->
                    new PassInput.Embeddings(packRows(cache, "embeddings", embeddings.embeddings(), embeddings.mask()));
            case StepInput.Stream stream -> {
                requireStartLayer(stream.startAtLayer());
                yield new PassInput.Stream(packRows(cache, "stream", stream.stream(), stream.mask()),
                        stream.startAtLayer());
            }
        };
    }

    private void requireStartLayer(int layer) {
        if (layer < 0 || layer > model.config().numLayers()) {
            throw new IllegalArgumentException(
                    "startAtLayer: " + layer + ", the model has " + model.config().numLayers() + " layers");
        }
    }

    private Tensor packRows(KvCache cache, String name, Tensor rows, AttentionMask mask) {
        int width = model.config().hiddenSize();
        if (rows.shape(0) != cache.batchSize() || rows.shape(2) != width) {
            throw new IllegalArgumentException(name + ": " + rows + ", must be [" + cache.batchSize() + ", N, " + width
                    + "]");
        }
        int numReal = 0;
        for (int row = 0; row < mask.batchSize(); row++) {
            numReal += mask.numReal(row);
        }
        Tensor packed = Tensor.of(new float[Math.multiplyExact(numReal, width)], numReal, width);
        int token = 0;
        for (int row = 0; row < mask.batchSize(); row++) {
            for (int slot = 0; slot < mask.numSlots(); slot++) {
                if (mask.isReal(row, slot)) {
                    packed.narrow(0, token, ++token).unflatten(0, 1, 1)
                            .copyFrom(rows.narrow(0, row, row + 1L).narrow(1, slot, slot + 1L));
                }
            }
        }
        return packed;
    }

    private int wantAll(AttentionMask mask) {
        int numReal = 0;
        for (int row = 0; row < mask.batchSize(); row++) {
            numReal += mask.numReal(row);
        }
        if (wanted.length < numReal) {
            wanted = new int[numReal];
        }
        for (int token = 0; token < numReal; token++) {
            wanted[token] = token;
        }
        return numReal;
    }

    /** Appends slots; returns the logits of all real tokens, {@code [T, V]}, valid until the next call. */
    Tensor runForAll(KvCache cache, int[][] tokenIds, AttentionMask mask) {
        gather(cache, tokenIds, mask);
        int numWanted = wantAll(mask);
        try (KvStep step = begin(cache, mask, PrefixUse.STORE_LATER)) {
            computeTokens(step, numWanted);
            step.commit();
            markDerived(cache, mask, false);
            return logits;
        }
    }

    /** A step of known tokens; while somebody may edit activations, what it stores has nothing to do with an index. */
    private KvStep begin(KvCache cache, AttentionMask mask, PrefixUse use) {
        return probe == null ? cache.beginStep(mask, stepTokenIds, use) : cache.beginStep(mask);
    }

    /**
     * Appends slots; returns the logits of the last real token of each row that has one, valid until the next call. What an
     * index has is not computed.
     */
    Tensor runForLast(KvCache cache, int[][] tokenIds, AttentionMask mask) {
        gather(cache, tokenIds, mask);
        if (wanted.length < mask.batchSize()) {
            wanted = new int[mask.batchSize()];
        }
        try (KvStep step = begin(cache, mask, PrefixUse.REUSE)) {
            computeTokens(step, keepComputed(step));
            step.commit();
            return logits;
        }
    }

    /**
     * Appends slots of any kind, whose tokens an index is not told of; returns the logits of each row's last real token,
     * {@code [B, V]}, valid until the next call. Each row must have one.
     */
    Tensor runForLast(KvCache cache, StepInput input) {
        AttentionMask mask = input.mask();
        PassInput packed = pack(cache, input);
        if (wanted.length < mask.batchSize()) {
            wanted = new int[mask.batchSize()];
        }
        try (KvStep step = cache.beginStep(mask)) {
            for (int row = 0; row < mask.batchSize(); row++) {
                wanted[row] = step.rowStart(row + 1) - 1;
            }
            compute(step, packed, mask.batchSize());
            step.commit();
            markDerived(cache, mask, !(input instanceof StepInput.Tokens));
            return logits.narrow(0, 0, mask.batchSize());
        }
    }

    /** Tokens that the last {@link #runForLast} did not compute. */
    int numReusedTokens() {
        return numReusedTokens;
    }

    /** Keeps the ids of tokens that are computed, and wants the last of each row; returns how many are wanted. */
    private int keepComputed(KvStep step) {
        int numWanted = 0;
        int from = 0;
        numReusedTokens = 0;
        for (int row = 0; row < step.batchSize(); row++) {
            int numNew = step.numNewTokens(row);
            from += step.numReusedTokens(row);
            numReusedTokens += step.numReusedTokens(row);
            System.arraycopy(stepTokenIds, from, stepTokenIds, step.rowStart(row), numNew);
            from += numNew;
            if (numNew > 0) {
                wanted[numWanted++] = step.rowStart(row + 1) - 1;
            }
        }
        return numWanted;
    }

    private void computeTokens(KvStep step, int numWanted) {
        if (probe == null) {
            computePlain(step, numWanted);
        } else {
            compute(step, new PassInput.Tokens(stepTokenIds), numWanted);
        }
    }

    private void computePlain(KvStep step, int numWanted) {
        growLogits(numWanted);
        model.forwardPass().run(step, stepTokenIds, rotary, wanted, numWanted, logits);
    }

    private void compute(KvStep step, PassInput input, int numWanted) {
        if (probe == null && input instanceof PassInput.Tokens) {
            computePlain(step, numWanted);
            return;
        }
        growLogits(numWanted);
        PassRange range = new PassRange(input, model.config().numLayers(), true, probe);
        model.forwardPass().runRange(step, range, rotary, wanted, numWanted, logits);
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

    private static Tensor zeros(AttentionMask mask, int width) {
        long count = (long) mask.batchSize() * mask.numSlots() * width;
        if (count > MAX_ARRAY_LENGTH) {
            throw new IllegalArgumentException("tokenIds: [" + mask.batchSize() + ", " + mask.numSlots()
                    + "] slots with " + width + " numbers each are more than an array holds; append fewer at once");
        }
        return Tensor.of(new float[(int) count], mask.batchSize(), mask.numSlots(), width);
    }

    /** Copies the packed rows of real tokens to their slots. */
    private static void spread(AttentionMask mask, Tensor packed, Tensor slots) {
        long rowBytes = slots.shape(2) * Float.BYTES;
        int token = 0;
        for (int row = 0; row < mask.batchSize(); row++) {
            for (int slot = 0; slot < mask.numSlots(); slot++) {
                if (mask.isReal(row, slot)) {
                    long slotIndex = (long) row * mask.numSlots() + slot;
                    MemorySegment.copy(packed.segment(), token++ * rowBytes, slots.segment(), slotIndex * rowBytes,
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
