package io.github.pastkv.model.forward;

import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.kernels.Compute;
import io.github.pastkv.kernels.Compute.TokenRange;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.kernels.RopeTable;
import io.github.pastkv.kernels.ScoreForm;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.family.BlockNorms;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.hooks.HookCatalog;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.model.hooks.Probe;
import io.github.pastkv.model.hooks.StepSlots;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The transformer, from token ids to logits, for every family: what differs between families is in {@link ModelConfig}
 * and in which weights there are. Read {@link #pass} from top to bottom.
 *
 * <p>A step of more than {@code maxPassTokens} tokens runs in several passes over the weights; no bit of a result depends
 * on where they part. One step at a time; steps of concurrent sessions take turns. Owns its buffers until
 * {@link #close}; a step allocates nothing once they have grown.
 */
public final class ForwardPass implements AutoCloseable {
    private static final int FIRST_WORKSPACE_TOKENS = 16;
    /** From so many tokens for each one wanted, attention in the last layer goes over those alone. */
    private static final int MIN_TOKENS_PER_WANTED = 32;

    private final ModelConfig config;
    private final ModelTensors tensors;
    private final HookCatalog modelHooks;
    private final ModelWeights weights;
    private final ScoreForm[] scoreForms;
    private final Compute compute;
    private final Kernels kernels;
    private final int maxPassTokens;
    private Workspace space;

    // The operations on token ranges, made once; they read the fields below.
    private final TokenRange embed = this::embedTokens;
    private final TokenRange addPositions = this::addPositionsOfTokens;
    private final TokenRange normaliseTokens;
    private final TokenRange normaliseHeadsRotateAndStore = this::normaliseHeadsRotateAndStoreTokens;
    private final TokenRange rotate = this::rotateTokens;
    private final TokenRange store = this::storeTokens;
    private final TokenRange addAttention = this::addAttentionOfTokens;
    private final TokenRange activate = this::activateTokens;
    private final TokenRange addFfn = this::addFfnOfTokens;

    private KvStep step;
    private LayerRope rotary;
    private int[] tokenIds;
    private int firstToken;
    private int layer;
    private NormWeights norming;
    private Tensor normingFrom;
    private Tensor normingTo;
    private boolean running; // whether a probe may be called
    private @Nullable StepHooks hooks; // of the step under way, where there is a probe

    /**
     * A forward pass over {@code weights}, which it does not own.
     *
     * @param modelHooks what can be hooked, and the configuration
     * @param tensors the weights as stored, for hooks that need single heads of them
     * @param compute kernels and threads, owned from now on
     * @param maxPassTokens most tokens that go through the weights together
     */
    @SuppressWarnings("NullAway.Init") // step, rotary, tokenIds and norming are arguments of what is under way
    public ForwardPass(HookCatalog modelHooks, ModelTensors tensors, ModelWeights weights, Compute compute,
            int maxPassTokens) {
        this.modelHooks = modelHooks;
        this.config = modelHooks.config();
        this.tensors = tensors;
        this.weights = weights;
        this.scoreForms = IntStream.range(0, config.numLayers()).mapToObj(i -> scoreForm(config, i))
                .toArray(ScoreForm[]::new);
        this.compute = compute;
        this.kernels = compute.kernels();
        this.maxPassTokens = maxPassTokens;
        this.normaliseTokens = (from, to) -> kernels.normalise(norming, normingFrom, normingTo, from, to);
        this.space = new Workspace(config, Math.min(FIRST_WORKSPACE_TOKENS, maxPassTokens));
    }

    private static ScoreForm scoreForm(ModelConfig config, int layer) {
        ScoreForm scaled = ScoreForm.scaled(config.layer(layer).scoreScale())
                .withSoftCap(config.attention().scoreSoftCap()).withWindow(KvWindow.of(config.window(layer)));
        return config.attention().alibi() ? scaled.withAlibi(config.numHeads()) : scaled;
    }

    /**
     * Runs all tokens of a step and writes their keys and values into it; the caller commits.
     *
     * @param newStep the step, just begun
     * @param newTokenIds id of each token of the step, {@code [T]}
     * @param newRotary the rotary tables for the step's cache
     * @param wanted tokens of the step whose logits are wanted, ascending, {@code [n]}
     * @param numWanted how many of {@code wanted} count
     * @param logits F32 {@code [n, V]}, filled in the order of {@code wanted}
     */
    public synchronized void run(KvStep newStep, int[] newTokenIds, LayerRope newRotary, int[] wanted, int numWanted,
            Tensor logits) {
        requireIdle();
        step = newStep;
        tokenIds = newTokenIds;
        rotary = newRotary;
        int numDone = 0;
        for (int from = 0; from < step.numTokens(); from += maxPassTokens) {
            int to = Math.min(from + maxPassTokens, step.numTokens());
            growWorkspace(to - from, maxPassTokens);
            numDone = pass(from, to, wanted, numDone, numWanted, logits);
        }
    }

    /**
     * Runs a step that is not the plain one: over part of the layers, from something else than token ids, or with a probe.
     * One pass, whatever the number of tokens. By the same kernels in the same order as {@link #run}.
     *
     * @param wanted as for {@link #run}; without a head unused
     * @param out the wanted logits, or, without a head, the residual stream of all tokens, F32 {@code [T, E]}
     * @throws IllegalStateException when a hook of a run of this model calls it
     */
    public synchronized void runRange(KvStep newStep, PassRange range, LayerRope newRotary, int[] wanted,
            int numWanted, Tensor out) {
        requireIdle();
        step = newStep;
        rotary = newRotary;
        if (step.numTokens() == 0) {
            return;
        }
        growWorkspace(step.numTokens(), Integer.MAX_VALUE);
        Probe probe = range.probe();
        running = true;
        try (StepHooks ofStep = probe == null ? null : StepHooks.of(modelHooks, probe, StepSlots.of(step), compute)) {
            hooks = ofStep;
            range(range, wanted, numWanted, out);
        } finally {
            running = false;
            hooks = null;
        }
    }

    private void range(PassRange range, int[] wanted, int numWanted, Tensor out) {
        int numTokens = step.numTokens();
        firstToken = 0;
        findPositions(numTokens);
        enter(range.input(), numTokens);
        boolean isPlainHead = range.head() && hooks == null;
        int endLayer = isPlainHead ? Math.max(range.fromLayer(), range.toLayer() - 1) : range.toLayer();
        for (layer = range.fromLayer(); layer < endLayer; layer++) {
            attentionBlock(numTokens);
            ffnBlock(numTokens);
        }
        if (isPlainHead && endLayer < range.toLayer()) {
            lastLayerAndHead(numTokens, wanted, 0, numWanted, out);
        } else if (!range.head()) {
            out.narrow(0, 0, numTokens).copyFrom(space.hidden.narrow(0, 0, numTokens));
        } else if (hooks != null && hooks.wantsHead()) {
            hookedHead(hooks, wanted, numWanted, out);
        } else if (numWanted > 0) {
            moveToFront(space.hidden, wanted, 0, numWanted);
            headOf(numWanted, out);
        }
    }

    private void enter(PassInput input, int numTokens) {
        Tensor hidden = space.hidden.narrow(0, 0, numTokens);
        switch (input) {
            case PassInput.Tokens tokens -> {
                tokenIds = hooks == null ? tokens.tokenIds() : hooks.tokenIds(tokens.tokenIds(), config.vocabSize());
                embedding(numTokens);
            }
            case PassInput.Embeddings embeddings -> {
                hidden.copyFrom(embeddings.rows());
                finishEmbedding(numTokens, true);
            }
            case PassInput.Stream stream -> hidden.copyFrom(stream.rows());
        }
    }

    /** Tokens {@code [from, to)} of the step: embedding, layers, logits of those wanted. Returns how many are done. */
    private int pass(int from, int to, int[] wanted, int numDone, int numWanted, Tensor logits) {
        firstToken = from;
        int numTokens = to - from;
        findPositions(numTokens);
        embedding(numTokens); // hidden [n, E]
        for (layer = 0; layer < config.numLayers() - 1; layer++) {
            attentionBlock(numTokens);
            ffnBlock(numTokens);
        }
        int endWanted = numDone;
        while (endWanted < numWanted && wanted[endWanted] < to) {
            endWanted++;
        }
        lastLayerAndHead(numTokens, wanted, numDone, endWanted, logits);
        return endWanted;
    }

    /**
     * The last layer and the head, without hooks: the keys and values of all tokens, but what follows for tokens
     * {@code wanted[from, to)} only, as nothing else reads what the layer gives.
     */
    private void lastLayerAndHead(int numTokens, int[] wanted, int from, int to, Tensor logits) {
        int numWanted = to - from;
        projectAndStore(numTokens);
        if (numWanted == 0) {
            return;
        }
        if (numTokens < MIN_TOKENS_PER_WANTED * numWanted) {
            attend(firstToken, firstToken + numTokens, space.queries, space.attention);
            moveToFront(space.attention, wanted, from, to);
        } else {
            for (int i = from; i < to; i++) {
                int row = wanted[i] - firstToken;
                attend(wanted[i], wanted[i] + 1, space.queries.narrow(0, row, row + 1L),
                        space.attention.narrow(0, i - from, i - from + 1L));
            }
        }
        moveToFront(space.hidden, wanted, from, to);
        addAttentionOut(numWanted);
        ffnBlock(numWanted);
        headOf(numWanted, from == 0 ? logits : logits.narrow(0, from, to));
    }

    private void embedding(int numTokens) {
        compute.forTokens(numTokens, config.embedding().width(), embed); // embedded [n, width]
        LinearWeights projection = weights.embedding().projection();
        if (projection != null) {
            compute.linear(space.embedded, projection, space.hidden, numTokens); // [n, E]
        }
        finishEmbedding(numTokens, false);
    }

    /** Positions and norm; without positions the norm is the embedding's own, and rows given in its stead have it behind them. */
    private void finishEmbedding(int numTokens, boolean isNormed) {
        NormWeights norm = weights.embedding().norm();
        if (weights.embedding().positions() == null) {
            normalise(isNormed ? null : norm, space.hidden, space.hidden, NormHooks.EMBEDDING, numTokens);
            runHooks(HookPoint.EMBED, space.hidden);
        } else {
            runHooks(HookPoint.EMBED, space.hidden);
            addPositions(weights.embedding().positions(), numTokens);
            normalise(norm, space.hidden, space.hidden, NormHooks.EMBEDDING, numTokens);
        }
    }

    private void addPositions(Tensor positions, int numTokens) {
        if (hooks == null || !hooks.dispatcher().wants(HookPoint.POS_EMBED, 0)) {
            compute.forTokens(numTokens, config.hiddenSize(), addPositions);
            return;
        }
        Tensor rows = hooks.dispatcher().allocate(numTokens, config.hiddenSize());
        for (int i = 0; i < numTokens; i++) {
            EmbeddingRows.copy(positions, positionRow(i), 1f, rows, i);
        }
        runHooks(HookPoint.POS_EMBED, rows);
        kernels.add(space.hidden, rows, config.hiddenSize(), 0, numTokens);
    }

    private void attentionBlock(int numTokens) {
        if (hooks == null) {
            projectAndStore(numTokens);
            attend(firstToken, firstToken + numTokens, space.queries, space.attention); // [n, H * D]
        } else {
            project(numTokens);
            hookedAttention(hooks, numTokens);
        }
        addAttentionOut(numTokens);
    }

    private void projectAndStore(int numTokens) {
        project(numTokens);
        compute.forTokens(numTokens, 2 * config.numKvHeads() * config.headDim(), normaliseHeadsRotateAndStore);
    }

    /** From the stream to queries, keys and values. */
    private void project(int numTokens) {
        LayerWeights w = layerWeights();
        BlockNorms<NormWeights> norms = w.attentionNorms();
        normalise(norms.ofStream(), space.hidden, space.hidden, NormHooks.LN1, numTokens);
        runHooks(HookPoint.RESID_PRE, space.hidden);
        if (hooks != null) {
            hooks.inputs().dispatch(layer, space.hidden);
        }
        normalise(norms.before(), space.hidden, space.normed, NormHooks.LN1, numTokens); // normed [n, E]
        compute.linear(readBy(norms.before()), w.qkv(), space.qkv, numTokens); // [n, (H + 2K) * D]
    }

    private void attend(int fromToken, int toToken, Tensor queries, Tensor out) {
        compute.attention(step, layer, scoreForms[layer], queries, out, fromToken, toToken);
    }

    /** What attention adds to the stream, of tokens at the front of the buffers. */
    private void addAttentionOut(int numTokens) {
        LayerWeights w = layerWeights();
        BlockNorms<NormWeights> norms = w.attentionNorms();
        compute.linear(space.attention, w.attentionOut(), space.attentionOut, numTokens); // [n, E]
        if (hooks != null) {
            hooks.results().dispatch(layer, tensors.layers().get(layer).attentionOut(), space.attention,
                    space.attentionOut);
        }
        normalise(norms.after(), space.attentionOut, space.attentionOut,
                norms.before() == null ? NormHooks.LN1 : NormHooks.LN1_POST, numTokens);
        runHooks(HookPoint.ATTN_OUT, space.attentionOut);
        if (!config.parallelResidual()) { // else the stream stays as it is until the feed-forward block has read it
            compute.forTokens(numTokens, config.hiddenSize(), addAttention);
        }
    }

    /** From queries, keys and values to the output of the heads, step by step. */
    private void hookedAttention(StepHooks h, int numTokens) {
        LayerWeights w = layerWeights();
        h.inputs().apply(w, space.qkv);
        runHooks(HookPoint.Q, space.queries);
        runHooks(HookPoint.K, space.keys);
        runHooks(HookPoint.V, space.values);
        h.norms().normaliseHeads(w.queryNorm(), space.queries, NormHooks.QUERY, layer);
        h.norms().normaliseHeads(w.keyNorm(), space.keys, NormHooks.KEY, layer);
        compute.forTokens(numTokens, 2 * config.numKvHeads() * config.headDim(), rotate);
        runHooks(HookPoint.ROT_Q, space.queries);
        compute.forTokens(numTokens, 2 * config.numKvHeads() * config.headDim(), store);
        h.attention().run(step, layer, scoreForms[layer], space.queries, space.attention);
        runHooks(HookPoint.Z, space.attention);
    }

    private void ffnBlock(int numTokens) {
        LayerWeights w = layerWeights();
        BlockNorms<NormWeights> norms = w.ffnNorms();
        normalise(norms.ofStream(), space.hidden, space.hidden, NormHooks.LN2, numTokens);
        runHooks(HookPoint.RESID_MID, space.hidden);
        Tensor input = hooks == null ? space.hidden : hooks.ffnInput(layer, space.hidden);
        normalise(norms.before(), input, space.normed, NormHooks.LN2, numTokens); // normed [n, E]
        Tensor read = norms.before() == null ? input : space.normed;
        compute.linear(read, w.ffnUp(), space.ffn, numTokens); // [n, F] or [n, 2F]
        runHooks(HookPoint.MLP_PRE, space.ffnGate);
        runHooks(HookPoint.MLP_PRE_LINEAR, space.ffnUp);
        compute.forTokens(numTokens, config.ffnSize(), activate); // ffnGate [n, F]
        runHooks(HookPoint.MLP_POST, space.ffnGate);
        compute.linear(space.ffnGate, w.ffnDown(), space.ffnOut, numTokens); // [n, E]
        normalise(norms.after(), space.ffnOut, space.ffnOut,
                norms.before() == null ? NormHooks.LN2 : NormHooks.LN2_POST, numTokens);
        runHooks(HookPoint.MLP_OUT, space.ffnOut);
        compute.forTokens(numTokens, config.hiddenSize(), addFfn);
        runHooks(HookPoint.RESID_POST, space.hidden);
    }

    /** Moves the rows of tokens {@code wanted[from, to)} to the front of a buffer. */
    private void moveToFront(Tensor buffer, int[] wanted, int from, int to) {
        long rowBytes = buffer.shape(1) * Float.BYTES;
        MemorySegment rows = buffer.segment();
        for (int i = from; i < to; i++) {
            MemorySegment.copy(rows, (wanted[i] - firstToken) * rowBytes, rows, (i - from) * rowBytes, rowBytes);
        }
    }

    /** Final norm and head of all tokens, for hooks; then the logits of those wanted. */
    private void hookedHead(StepHooks h, int[] wanted, int numWanted, Tensor logits) {
        Tensor all = h.dispatcher().allocate(step.numTokens(), config.vocabSize());
        headOf(step.numTokens(), all);
        for (int i = 0; i < numWanted; i++) {
            logits.narrow(0, i, i + 1L).copyFrom(all.narrow(0, wanted[i], wanted[i] + 1L));
        }
    }

    private void headOf(int numTokens, Tensor logits) {
        NormWeights finalNorm = weights.finalNorm();
        normalise(finalNorm, space.hidden, space.normed, NormHooks.FINAL, numTokens);
        Tensor input = readBy(finalNorm); // [n, E]
        runHooks(HookPoint.UNEMBED_IN, input);
        LinearWeights headIn = weights.headIn();
        if (headIn != null) {
            compute.linear(input, headIn, space.embedded, numTokens); // [n, width]
            input = space.embedded;
        }
        compute.linear(input, weights.head(), logits, numTokens); // [n, V]
        runHooks(HookPoint.UNEMBED_OUT, logits);
        if (config.head().softCap() != 0) {
            kernels.softCap(config.head().softCap(), logits, config.vocabSize(), 0, numTokens);
        }
    }

    /** Hands rows of the step's tokens to the probe, where there is one and it wants them. */
    private void runHooks(HookPoint point, Tensor rows) {
        if (hooks != null) {
            hooks.dispatcher().rows(point, layer, rows);
        }
    }

    private LayerWeights layerWeights() {
        return weights.layers().get(layer);
    }

    private void findPositions(int numTokens) {
        int lastPosition = 0;
        for (int i = 0; i < numTokens; i++) {
            int token = firstToken + i;
            space.positions[i] = step.position(step.rowOf(token), token);
            lastPosition = Math.max(lastPosition, space.positions[i]);
        }
        rotary.prepare(lastPosition + 1);
    }

    private void embedTokens(int from, int to) {
        for (int i = from; i < to; i++) {
            EmbeddingRows.copy(weights.embedding().tokens(), tokenIds[firstToken + i], config.embedding().scale(),
                    space.embedded, i);
        }
    }

    private void addPositionsOfTokens(int from, int to) {
        Tensor positions = Objects.requireNonNull(weights.embedding().positions());
        for (int i = from; i < to; i++) {
            EmbeddingRows.add(positions, positionRow(i), space.hidden, i);
        }
    }

    private int positionRow(int token) {
        return config.embedding().firstPositionRow() + space.positions[token];
    }

    private void normaliseHeadsRotateAndStoreTokens(int from, int to) {
        normaliseHeads(layerWeights().queryNorm(), space.queries, space.queryHeads, from, to);
        normaliseHeads(layerWeights().keyNorm(), space.keys, space.keyHeads, from, to);
        rotateTokens(from, to);
        storeTokens(from, to);
    }

    private void rotateTokens(int from, int to) {
        RopeTable table = rotary.of(layer);
        if (table != null) {
            kernels.applyRope(space.queries, config.numHeads(), config.headDim(), table, space.positions, from, to);
            kernels.applyRope(space.keys, config.numKvHeads(), config.headDim(), table, space.positions, from, to);
        }
    }

    private void storeTokens(int from, int to) {
        step.write(layer, space.keys, space.values, firstToken, from, to);
    }

    private void addAttentionOfTokens(int from, int to) {
        kernels.add(space.hidden, space.attentionOut, config.hiddenSize(), from, to);
    }

    private void activateTokens(int from, int to) {
        if (config.gatedFfn()) {
            kernels.gatedActivation(config.activation(), space.ffnGate, space.ffnUp, config.ffnSize(), from, to);
        } else {
            kernels.activate(config.activation(), space.ffnGate, config.ffnSize(), from, to);
        }
    }

    /** In either kind of residual, what attention adds comes first. */
    private void addFfnOfTokens(int from, int to) {
        if (config.parallelResidual()) {
            addAttentionOfTokens(from, to);
        }
        kernels.add(space.hidden, space.ffnOut, config.hiddenSize(), from, to);
    }

    /** What is read behind a norm that may not be there. */
    private Tensor readBy(@Nullable NormWeights norm) {
        return norm == null ? space.hidden : space.normed;
    }

    /** y = norm(x) over all tokens of the pass, taken apart where a hook asks for what lies between. */
    private void normalise(@Nullable NormWeights norm, Tensor x, Tensor y, NormHooks points, int numTokens) {
        if (norm == null) {
            return;
        }
        if (hooks != null && hooks.dispatcher().wantsAny(layer, points.scale(), points.normalized())) {
            hooks.norms().normalise(norm, x, y, points, layer);
            return;
        }
        norming = norm;
        normingFrom = x;
        normingTo = y;
        compute.forTokens(numTokens, config.hiddenSize(), normaliseTokens);
    }

    /** Each head by itself where the norm is as wide as a head, else all together. */
    private void normaliseHeads(@Nullable NormWeights norm, Tensor all, Tensor[] heads, int from, int to) {
        if (norm == null) {
            return;
        }
        if (norm.hiddenSize() == all.shape(1)) {
            kernels.normalise(norm, all, all, from, to);
        } else {
            for (Tensor head : heads) {
                kernels.normalise(norm, head, head, from, to);
            }
        }
    }

    private void requireIdle() {
        if (running) {
            throw new IllegalStateException(
                    "a run of this model is under way on this thread: a hook cannot begin another");
        }
    }

    private void growWorkspace(int numTokens, int limit) {
        if (space.maxTokens < numTokens) {
            int maxTokens = Math.min(limit, Math.max(numTokens, 2 * space.maxTokens));
            Workspace grown = new Workspace(config, maxTokens);
            space.close();
            space = grown;
        }
    }

    /** Frees the buffers and ends the threads. */
    @Override
    public synchronized void close() {
        compute.close();
        space.close();
    }
}
