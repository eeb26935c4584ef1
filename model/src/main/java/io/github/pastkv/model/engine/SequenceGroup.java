package io.github.pastkv.model.engine;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.cache.PrefixUse;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.forward.LayerRope;
import io.github.pastkv.model.generation.DecodeBackend;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.hooks.Probe;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The sequences in the rows of one cache, which run each step together: a batch, or several completions of a prompt. A
 * step is validated, begun and committed on the caller's thread; in between the {@link Engine} computes it in passes
 * shared with the steps of other groups.
 *
 * <p>For one thread at a time. Owns the memory of its logits until {@link #close}, and its cache where it was said so.
 */
public final class SequenceGroup implements DecodeBackend, AutoCloseable {
    private final Engine engine;
    private final ModelConfig model;
    private final KvCache cache;
    private final LayerRope rope;
    private final Caller caller = new Caller();
    private final boolean ownsCache;
    private final MemoryClaim claim;
    private final StepOpener steps;
    private final LogitsBuffer logits;
    private int numReusedTokens;
    private @Nullable Probe probe;

    /**
     * A group over the rows of {@code cache}, whose positions are rotated by {@code rope}.
     *
     * @param ownsCache whether {@link #close} closes the cache too
     */
    @SuppressWarnings("exports") // made by the model alone
    public SequenceGroup(Engine engine, ModelConfig model, KvCache cache, LayerRope rope, boolean ownsCache) {
        this.engine = engine;
        this.model = model;
        this.cache = cache;
        this.rope = rope;
        this.ownsCache = ownsCache;
        this.claim = new MemoryClaim(cache, caller);
        this.steps = new StepOpener(engine, cache, rope, caller, claim);
        this.logits = new LogitsBuffer(model.vocabSize());
        engine.memory().open(claim);
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
        try (SharedPrefills.@Nullable Prefill _ = use == PrefixUse.REUSE ? beginPrefill(packed) : null) {
            return compute(input, packed, asked, use);
        }
    }

    /** Waits for prefills that compute what this one could reuse. Null for one that reuses nothing. */
    private SharedPrefills.@Nullable Prefill beginPrefill(PackedInput packed) {
        int[] newIds = packed.tokenIds();
        Optional<PrefixNamespace> namespace = cache.namespace();
        if (newIds == null || probe != null || cache.batchSize() != 1 || namespace.isEmpty()) {
            return null;
        }
        int[] known = use(() -> cache.knownTokenIds(0));
        if (known.length < use(() -> cache.numTokens(0))) { // what follows tokens without ids is not indexed
            return null;
        }
        int[] all = Arrays.copyOf(known, known.length + newIds.length);
        System.arraycopy(newIds, 0, all, known.length, newIds.length);
        return engine.prefills().begin(caller, claim, namespace.get(), all);
    }

    private Tensor compute(StepInput input, PackedInput packed, Logits asked, @Nullable PrefixUse use) {
        return inCall(() -> {
            try (KvStep step = open(input.mask(), packed, use)) {
                StepRequest request = new StepRequest(caller, step, withoutReused(packed, step, input.mask()), rope,
                        probe, engine.newCondition());
                askForLogits(request, asked);
                steps.run(request);
                commit(step, input);
                return logits.all().narrow(0, 0, request.numLogits);
            }
        });
    }

    /** {@link #forward} for all logits, on the heap: F32 {@code [B, N, V]}, zeros at pads. */
    public Tensor forwardSlots(StepInput input, @Nullable PrefixUse use) {
        SlotTensor slots = new SlotTensor(input.mask(), model.vocabSize()); // first: there may be no memory for it
        return slots.fill(forward(input, Logits.ALL, use));
    }

    /** Runs the layers before {@code stopAtLayer}; returns the residual stream on the heap, F32 {@code [B, N, E]}. */
    public Tensor residualBefore(StepInput input, int stopAtLayer) {
        PackedInput packed = input.pack(model, cache.batchSize());
        SlotTensor slots = new SlotTensor(input.mask(), model.hiddenSize());
        return inCall(() -> {
            try (KvStep step = open(input.mask(), packed, null); Arena rows = Arena.ofShared()) {
                StepRequest request = new StepRequest(caller, step, packed, rope, probe, engine.newCondition());
                request.stopLayer = stopAtLayer;
                request.residualOut = Tensor.allocate(rows, DataType.F32, step.numTokens(), model.hiddenSize());
                engine.run(request);
                commit(step, input);
                return slots.fill(request.residualOut);
            }
        });
    }

    /** As part of the generation under way, or as a call of its own. */
    private <T> T inCall(Supplier<T> call) {
        engine.memory().beginCall(claim);
        try {
            return use(call);
        } finally {
            engine.memory().endCall(claim);
        }
    }

    /** Runs a call that reads or changes the cache, whose memory nobody takes meanwhile. */
    public <T> T use(Supplier<T> call) {
        engine.memory().enter(claim);
        try {
            return call.get();
        } finally {
            engine.memory().exit(claim);
        }
    }

    /** {@link #use}, with the keys and values in the cache: first computed again, where they were released. */
    public <T> T usePresent(Supplier<T> call) {
        return inCall(() -> {
            steps.restore();
            return call.get();
        });
    }

    /** A group over a fork of the cache, which it owns. */
    public SequenceGroup fork() {
        return new SequenceGroup(engine, model, use(cache::fork), rope, true);
    }

    private KvStep open(AttentionMask mask, PackedInput packed, @Nullable PrefixUse use) {
        return steps.open(mask, probe == null ? packed.tokenIds() : null, use); // a probe may edit
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
        request.logits = logits.ofAtLeast(request.numLogits);
    }

    /** Commits the step and marks it as derived if it was edited or did not start from token ids. */
    private void commit(KvStep step, StepInput input) {
        step.commit();
        boolean isDerived = !(input instanceof StepInput.Tokens) || (probe != null && probe.edits());
        for (int row = 0; isDerived && !cache.frozen() && row < cache.batchSize(); row++) {
            cache.markDerived(row, cache.numTokens(row) - input.mask().numReal(row));
        }
    }

    // As the backend of a generation.

    /**
     * A generation begins: until {@link #endGeneration} it ends when its thread is interrupted or it is canceled, and
     * its steps have the priority of {@code options}.
     */
    public void beginGeneration(GenerationOptions options) {
        caller.begin(options);
        options.cancellation().onCancel(engine::wakeAll);
        engine.memory().beginCall(claim);
    }

    /** Ends the generation, after any outcome. */
    public void endGeneration() {
        GenerationOptions options = caller.end();
        try {
            if (options != null) {
                options.cancellation().onCancel(null);
                endCall();
            }
        } finally {
            engine.leave(caller);
        }
    }

    private void endCall() {
        try {
            restoreWhatMayBeRead();
            use(() -> {
                cache.endTexts();
                return null;
            });
        } finally {
            engine.memory().endCall(claim);
        }
    }

    /** From now on the cache may be read whenever no call is under way, so that its memory stays between calls. */
    public void setRead() {
        engine.memory().setRead(claim);
        if (!caller.isGenerating()) {
            usePresent(() -> true);
        }
    }

    private void restoreWhatMayBeRead() {
        if (claim.isRead()) {
            try {
                usePresent(() -> true);
            } catch (PoolExhaustedException | IllegalStateException _) {
                // no memory, or the model is closed: the next call tries again, and says so
            }
        }
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
        use(() -> {
            cache.truncateRow(row, numTokens);
            return true;
        });
    }

    @Override
    public void selectRows(int... rows) {
        use(() -> {
            cache.selectRows(rows);
            return true;
        });
    }

    @Override
    public void repeatRows(int times) {
        use(() -> {
            cache.repeatRows(times);
            return true;
        });
    }

    @Override
    public boolean isCanceled() {
        return caller.isCanceled();
    }

    /** Frees the logits, and the cache where it is this group's. Closing again does nothing. */
    @Override
    public void close() {
        if (logits.isOpen()) {
            if (ownsCache) {
                use(() -> { // others wait for its memory as long as it is in use
                    cache.close();
                    return true;
                });
            }
            engine.memory().close(claim);
            engine.leave(caller);
            logits.close();
        }
    }
}
