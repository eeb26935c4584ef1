package io.github.pastkv.model.engine;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvPool;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.cache.PrefixUse;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.forward.LayerRope;
import io.github.pastkv.model.generation.DecodeBackend;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.hooks.Probe;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The sequences in the rows of one cache, which run each step together: a batch, or several completions of a prompt. A
 * step is validated, begun and committed on the caller's thread; in between the {@link Engine} computes it in passes
 * shared with the steps of other groups.
 *
 * <p>For one thread at a time. Owns the memory of its logits until {@link #close}; the cache is its caller's.
 */
public final class SequenceGroup implements DecodeBackend, AutoCloseable {
    /** The longest array that every JVM can make. */
    private static final int MAX_ARRAY_LENGTH = Integer.MAX_VALUE - 8;

    private final Engine engine;
    private final ModelConfig model;
    private final KvCache cache;
    private final LayerRope rope;
    private Arena arena = Arena.ofShared();
    private Tensor logits;
    private int numReusedTokens;
    private @Nullable Probe probe;

    // Of a generation under way.
    private @Nullable GenerationOptions generating;
    private volatile boolean interrupted;

    // Guarded by the engine's lock.
    private long leftAt;
    private boolean comesBackSoon = true;
    private boolean askedToYield;
    private boolean waitingForMemory;

    SequenceGroup(Engine engine, ModelConfig model, KvCache cache, LayerRope rope) {
        this.engine = engine;
        this.model = model;
        this.cache = cache;
        this.rope = rope;
        this.logits = Tensor.allocate(arena, DataType.F32, 1, model.vocabSize());
    }

    /** Passes the activations of all later steps to {@code newProbe}; null for none. */
    public void setProbe(@Nullable Probe newProbe) {
        probe = newProbe;
    }

    /**
     * Computes and appends one step.
     *
     * @param use how the step uses the prefix index; null for not at all
     * @return the requested logits, row after row: F32 {@code [n, V]}, valid until the next step
     */
    public Tensor forward(StepInput input, Logits asked, @Nullable PrefixUse use) {
        PackedInput packed = input.pack(model, cache.batchSize());
        try (KvStep step = begin(input.mask(), packed, use)) {
            StepRequest request = new StepRequest(this, step, withoutReused(packed, step, input.mask()), rope, probe,
                    engine.newCondition());
            askForLogits(request, asked);
            engine.run(request);
            commit(step, input);
            return logits.narrow(0, 0, request.numLogits);
        }
    }

    /** {@link #forward} for all logits, on the heap: F32 {@code [B, N, V]}, zeros at pads. */
    public Tensor forwardSlots(StepInput input, @Nullable PrefixUse use) {
        Tensor slots = zeros(input.mask(), model.vocabSize()); // first, as this allocation may fail
        spread(input.mask(), forward(input, Logits.ALL, use), slots);
        return slots;
    }

    /** Runs the layers before {@code stopAtLayer}; returns the residual stream on the heap, F32 {@code [B, N, E]}. */
    public Tensor residualBefore(StepInput input, int stopAtLayer) {
        PackedInput packed = input.pack(model, cache.batchSize());
        Tensor slots = zeros(input.mask(), model.hiddenSize());
        try (KvStep step = cache.beginStep(input.mask()); Arena rows = Arena.ofShared()) {
            StepRequest request = new StepRequest(this, step, packed, rope, probe, engine.newCondition());
            request.stopLayer = stopAtLayer;
            request.residualOut = Tensor.allocate(rows, DataType.F32, step.numTokens(), model.hiddenSize());
            engine.run(request);
            spread(input.mask(), request.residualOut, slots);
            commit(step, input);
            return slots;
        }
    }

    private KvStep begin(AttentionMask mask, PackedInput packed, @Nullable PrefixUse use) {
        int[] tokenIds = packed.tokenIds();
        boolean isPlain = probe == null; // a probe may edit, so the step is not indexed
        while (true) {
            if (isCancelled() || (endsOnInterrupt() && Thread.currentThread().isInterrupted())) {
                throw new CancellationException("the generation was cancelled");
            }
            engine.memory().requireNotAskedToYield(this);
            try {
                return isPlain && tokenIds != null && use != null
                        ? cache.beginStep(mask, tokenIds, use)
                        : cache.beginStep(mask);
            } catch (PoolExhaustedException e) {
                if ((use == PrefixUse.STORE_LATER && hasDrafts(mask)) || !engine.memory().makeRoom(this)) {
                    throw e;
                }
            }
        }
    }

    /** Whether the step has draft tokens. They do not preempt others; the step is retried without them. */
    private static boolean hasDrafts(AttentionMask mask) {
        return mask.numSlots() > 1;
    }

    /** Removes and counts the tokens that were found in the index. */
    private PackedInput withoutReused(PackedInput packed, KvStep step, AttentionMask mask) {
        int[] tokenIds = packed.tokenIds();
        numReusedTokens = 0;
        int from = 0;
        for (int row = 0; tokenIds != null && row < step.numRows(); row++) {
            int numReused = step.numReusedTokens(row);
            System.arraycopy(tokenIds, from + numReused, tokenIds, step.rowStart(row), step.numNewTokens(row));
            numReusedTokens += numReused;
            from += mask.numReal(row);
        }
        return packed;
    }

    private void askForLogits(StepRequest request, Logits asked) {
        KvStep step = request.step;
        request.logitTokens = switch (asked) {
            case ALL -> IntStream.range(0, step.numTokens()).toArray();
            case LAST -> IntStream.range(0, step.numRows()).filter(row -> step.numNewTokens(row) > 0)
                    .map(row -> step.rowStart(row + 1) - 1).toArray();
        };
        request.numLogits = request.logitTokens.length;
        growLogits(request.numLogits);
        request.logits = logits;
    }

    private void growLogits(int numRows) {
        if (logits.shape(0) < numRows) {
            Arena larger = Arena.ofShared();
            logits = Tensor.allocate(larger, DataType.F32, numRows, model.vocabSize());
            arena.close();
            arena = larger;
        }
    }

    /** Commits the step and marks it as derived if it was edited or did not start from token ids. */
    private void commit(KvStep step, StepInput input) {
        step.commit();
        boolean isDerived = !(input instanceof StepInput.Tokens) || (probe != null && probe.edits());
        for (int row = 0; isDerived && !cache.frozen() && row < cache.batchSize(); row++) {
            cache.markDerived(row, cache.numTokens(row) - input.mask().numReal(row));
        }
    }

    private static Tensor zeros(AttentionMask mask, int width) {
        long count = (long) mask.batchSize() * mask.numSlots() * width;
        if (count > MAX_ARRAY_LENGTH) {
            throw new IllegalArgumentException("tokenIds: [" + mask.batchSize() + ", " + mask.numSlots()
                    + "] slots with " + width + " numbers each are more than an array holds; append fewer at once");
        }
        return Tensor.zeros(mask.batchSize(), mask.numSlots(), width);
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

    // As the backend of a generation.

    /**
     * Begins a generation: until {@link #endGeneration} it ends when its thread is interrupted or it is cancelled, has
     * the priority of {@code options}, and may be preempted.
     */
    public void beginGeneration(GenerationOptions options) {
        interrupted = false;
        askedToYield = false;
        generating = options;
        options.cancellation().onCancel(engine::wakeAll);
        engine.memory().begin(this);
    }

    /** Ends the generation, after any outcome. */
    public void endGeneration() {
        if (generating != null) {
            generating.cancellation().onCancel(null);
        }
        generating = null;
        engine.ended(this);
    }

    @Override
    public int vocabSize() {
        return model.vocabSize();
    }

    @Override
    public int numTokens(int row) {
        return cache.numTokens(row);
    }

    @Override
    public int[] knownTokenIds(int row) {
        return cache.knownTokenIds(row);
    }

    @Override
    public int maxSeqLen() {
        return cache.config().maxTokens();
    }

    @Override
    public Tensor prefill(int[][] tokenIds, AttentionMask mask) {
        return forward(StepInput.tokens(tokenIds, mask), Logits.LAST, PrefixUse.REUSE);
    }

    @Override
    public int numReusedTokens() {
        return numReusedTokens;
    }

    @Override
    public Tensor decode(int[][] tokenIds, AttentionMask mask) {
        return forward(StepInput.tokens(tokenIds, mask), Logits.ALL, PrefixUse.STORE_LATER);
    }

    @Override
    public void truncateRow(int row, int numTokens) {
        cache.truncateRow(row, numTokens);
    }

    @Override
    public void selectRows(int... rows) {
        cache.selectRows(rows);
    }

    @Override
    public void repeatRows(int times) {
        cache.repeatRows(times);
    }

    @Override
    public void awaitMemory() {
        engine.memory().awaitTurn(this);
    }

    // For the engine.

    KvPool pool() {
        return cache.pool();
    }

    int priority() {
        return generating == null ? 0 : generating.priority();
    }

    /** Whether an interrupt of the thread ends the step. */
    boolean endsOnInterrupt() {
        return generating != null;
    }

    void interrupted() {
        interrupted = true;
    }

    @Override
    public boolean isCancelled() {
        return generating != null && (interrupted || generating.cancellation().isCancelled());
    }

    /** Whether the generation can be preempted: not with windows, as evicted tokens cannot be rewound. */
    boolean isPreemptible() {
        return probe == null && IntStream.range(0, cache.numLayers())
                .noneMatch(layer -> cache.config().window(layer).isBounded());
    }

    void askToYield() {
        askedToYield = true;
    }

    boolean isAskedToYield() {
        return askedToYield;
    }

    boolean isWaitingForMemory() {
        return waitingForMemory;
    }

    void setWaitingForMemory(boolean isWaiting) {
        waitingForMemory = isWaiting;
        askedToYield = false;
    }

    void leftAt(long nanos) {
        leftAt = nanos;
    }

    void backAt(long nanos, long soonNanos) {
        comesBackSoon = leftAt == 0 || nanos - leftAt <= soonNanos;
    }

    boolean comesBackSoon() {
        return comesBackSoon;
    }

    /** Frees the logits. Closing again does nothing. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            engine.ended(this);
            arena.close();
        }
    }
}
