package io.github.pastkv.model.engine;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvRestore;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.cache.PrefixUse;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.forward.LayerRope;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Opens the steps of one cache: waits for memory that others hold, and first brings back what was released for others.
 * To be called between {@link MemoryQueue#enter} and {@link MemoryQueue#exit}.
 */
final class StepOpener {
    /** Tokens of a step that restores a windowed cache: all of its blocks exist during the step. */
    private static final int WINDOWED_CHUNK_TOKENS = 64;

    private final Engine engine;
    private final KvCache cache;
    private final LayerRope rope;
    private final Caller caller;
    private final MemoryClaim claim;

    StepOpener(Engine engine, KvCache cache, LayerRope rope, Caller caller, MemoryClaim claim) {
        this.engine = engine;
        this.cache = cache;
        this.rope = rope;
        this.caller = caller;
        this.claim = claim;
    }

    /**
     * Begins a step of the cache.
     *
     * @param tokenIds of the real tokens; null where they are not known, or may be edited
     * @param use what known tokens have to do with the prefix index; null for nothing
     * @throws PoolExhaustedException when it would not fit alone, beside what cannot be released
     * @throws CancellationException when the generation was canceled; nothing has changed
     */
    KvStep open(AttentionMask mask, int @Nullable [] tokenIds, @Nullable PrefixUse use) {
        while (true) {
            restore();
            requireNotCanceled();
            long changesBefore = engine.memory().numChanges();
            try {
                return tokenIds != null && use != null
                        ? cache.beginStep(mask, tokenIds, use)
                        : cache.beginStep(mask);
            } catch (PoolExhaustedException e) {
                if (hasDrafts(mask, use) || !engine.memory().makeRoom(claim, changesBefore)) {
                    throw e;
                }
            }
        }
    }

    /** Draft tokens take no memory from others: the step is tried again without them. */
    private static boolean hasDrafts(AttentionMask mask, @Nullable PrefixUse use) {
        return use == PrefixUse.STORE_LATER && mask.numSlots() > 1;
    }

    private void requireNotCanceled() {
        if (caller.isCanceled() || (caller.isGenerating() && Thread.currentThread().isInterrupted())) {
            throw new CancellationException("the generation was canceled");
        }
    }

    /** Computes again what was released; does nothing where nothing was. */
    void restore() {
        int chunk = maxChunkTokens();
        while (cache.isReleased()) {
            requireNotCanceled();
            long changesBefore = engine.memory().numChanges();
            try (KvRestore restore = cache.beginRestore()) {
                appendAll(restore, chunk);
                restore.commit();
            } catch (PoolExhaustedException e) {
                if (!engine.memory().makeRoom(claim, changesBefore)) {
                    if (chunk == 1 || !isWindowed()) {
                        throw e;
                    }
                    chunk = Math.ceilDiv(chunk, 2);
                }
            }
        }
    }

    private int maxChunkTokens() {
        return isWindowed() ? WINDOWED_CHUNK_TOKENS : Integer.MAX_VALUE;
    }

    private boolean isWindowed() {
        for (int layer = 0; layer < cache.numLayers(); layer++) {
            if (cache.config().window(layer).isBounded()) {
                return true;
            }
        }
        return false;
    }

    /** Row after row, so that each finds in the index what it shares with those before. */
    private void appendAll(KvRestore restore, int chunk) {
        for (int row = 0; row < restore.numRows(); row++) {
            int[] tokenIds = restore.tokenIds(row);
            for (int from = 0; from < tokenIds.length;) {
                int to = from + Math.min(chunk, tokenIds.length - from);
                append(row, Arrays.copyOfRange(tokenIds, from, to));
                from = to;
            }
        }
    }

    private void append(int row, int[] tokenIds) {
        int[] lengths = new int[cache.batchSize()];
        lengths[row] = tokenIds.length;
        try (KvStep step = cache.beginStep(AttentionMask.ofLengths(lengths), tokenIds, PrefixUse.REUSE)) {
            int[] newIds = Arrays.copyOfRange(tokenIds, step.numReusedTokens(row), tokenIds.length);
            run(new StepRequest(caller, step, new PackedInput(newIds, null, null, 0), rope, null,
                    engine.newCondition()));
            step.commit();
        }
    }

    /** Computes a step; what a failed or canceled one has computed stays in the index for the next try. */
    void run(StepRequest request) {
        try {
            engine.run(request);
        } catch (RuntimeException | Error e) {
            request.step.abandon();
            throw e;
        }
    }
}
