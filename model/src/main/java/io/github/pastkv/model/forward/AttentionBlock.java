package io.github.pastkv.model.forward;

import io.github.pastkv.cache.StepRows;
import io.github.pastkv.kernels.Compute.TokenRange;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.kernels.RopeTable;
import io.github.pastkv.kernels.ScoreForm;
import io.github.pastkv.model.config.LatentConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.QueryTemperature;
import io.github.pastkv.model.family.BlockNorms;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Paged attention of one layer: reads the residual stream, stores keys and values, and adds its output to the stream.
 */
final class AttentionBlock {
    /**
     * From so many tokens for each logit asked for, attention in the last layer computes the queries of those alone.
     */
    private static final int MIN_TOKENS_PER_LOGIT = 32;

    private final PassContext context;
    private final ModelTensors tensors;
    private final ScoreForm[] scoreForms; // [L]
    private final @Nullable LatentHeads latentHeads;
    private final TokenRange normalizeHeadsRotateAndStore = this::normalizeHeadsRotateAndStoreTokens;
    private final TokenRange rotate = this::rotateTokens;
    private final TokenRange store = this::storeTokens;
    private final TokenRange clip = this::clipTokens;
    private final TokenRange clipNormalized = this::clipNormalizedTokens;
    private final TokenRange scaleOutput = this::scaleOutputOfTokens;
    private final TokenRange addToStream = this::addToStream;

    AttentionBlock(PassContext context, ModelTensors tensors) {
        this.context = context;
        this.tensors = tensors;
        LatentConfig latent = context.config.attention().latent();
        this.latentHeads = latent == null ? null : new LatentHeads(context, latent);
        this.scoreForms = IntStream.range(0, context.config.numLayers())
                .mapToObj(layer -> scoreForm(context.config, layer, tensors.layers().get(layer).sinkScores()))
                .toArray(ScoreForm[]::new);
    }

    private static ScoreForm scoreForm(ModelConfig config, int layer, @Nullable Tensor sinkScores) {
        ScoreForm scaled = ScoreForm.scaled(config.layer(layer).scoreScale())
                .withSoftCap(config.attention().scoreSoftCap()).withWindow(config.attended(layer));
        ScoreForm sloped = config.attention().alibi() ? scaled.withSlopes(slopes(config)) : scaled;
        return sinkScores == null ? sloped : sloped.withSinkScores(sinkScores.toFloatArray());
    }

    private static float[] slopes(ModelConfig config) {
        float[] slopes = new float[config.numHeads()];
        for (int head = 0; head < slopes.length; head++) {
            slopes[head] = config.attention().alibiSlopes().get(head).floatValue();
        }
        return slopes;
    }

    /** Runs the block for all tokens. */
    void run() {
        project();
        if (context.hooks == null) {
            storeKeysAndValues();
            attend(0, context.numTokens, context.space.attending(), context.space.attended()); // [T, H * D]
            expandValues();
        } else {
            runHooked(context.hooks);
        }
        addOutput();
    }

    /**
     * Runs the block of the last layer: keys and values of all tokens, but everything after that only for the tokens
     * whose logits are requested, as nothing else is needed. They are at the front of the buffers afterward.
     */
    void runForLogits() {
        Pass pass = context.pass;
        project();
        storeKeysAndValues();
        if (pass.numLogits > 0 && context.numTokens < MIN_TOKENS_PER_LOGIT * pass.numLogits) {
            attend(0, context.numTokens, context.space.attending(), context.space.attended());
            context.moveLogitTokensToFront(context.space.attended());
        } else {
            attendForLogits();
        }
        context.moveLogitTokensToFront(context.space.hidden);
        if (context.config.endsShortcut(context.layer)) {
            context.moveLogitTokensToFront(context.space.shortcut());
        }
        context.numTokens = pass.numLogits;
        if (context.numTokens > 0) {
            expandValues();
            addOutput();
        }
    }

    private void attendForLogits() {
        for (int i = 0; i < context.pass.numLogits; i++) {
            int token = context.pass.logitTokens[i];
            attend(token, token + 1, context.space.attending().narrow(0, token, token + 1L),
                    context.space.attended().narrow(0, i, i + 1L));
        }
    }

    /** From the stream to queries, keys and values. */
    private void project() {
        Workspace space = context.space;
        LayerWeights weights = context.layerWeights();
        BlockNorms<NormWeights> norms = weights.attentionNorms();
        context.normalize(norms.ofStream(), space.hidden, space.hidden, NormHooks.LN1);
        context.runHooks(HookPoint.RESID_PRE, space.hidden);
        if (context.hooks != null) {
            context.hooks.inputs().dispatch(context.layer, space.hidden);
        }
        context.normalize(norms.before(), space.hidden, space.normed, NormHooks.LN1); // normed [T, E]
        context.compute.linear(context.readAfter(norms.before()), weights.qkv(), space.qkv, context.numTokens);
        if (latentHeads != null) {
            latentHeads.expandQueries();
        }
    }

    private void expandValues() {
        if (latentHeads != null) {
            latentHeads.expandValues();
        }
    }

    private void storeKeysAndValues() {
        if (latentHeads != null) {
            latentHeads.store();
            return;
        }
        clip();
        context.forTokens(widthOfKeysAndValues(), normalizeHeadsRotateAndStore);
    }

    /** Clips queries, keys and values as they are projected, where the model does; values in any case. */
    private void clip() {
        if (context.config.attention().clip() != 0) {
            context.forTokens(context.space.qkvWidth(), clip);
        }
    }

    private void clipTokens(int from, int to) {
        Workspace space = context.space;
        clipTokens(context.config.attention().clipsAfterNorm() ? space.values : space.qkv, from, to);
    }

    private void clipTokens(Tensor rows, int from, int to) {
        context.kernels.clip(context.config.attention().clip(), rows, (int) rows.shape(1), from, to);
    }

    private void clipNormalized() {
        if (context.config.attention().clipsAfterNorm()) {
            context.forTokens(context.space.qkvWidth(), clipNormalized);
        }
    }

    private void clipNormalizedTokens(int from, int to) {
        clipTokens(context.space.queries, from, to);
        clipTokens(context.space.keys, from, to);
    }

    private int widthOfKeysAndValues() {
        return 2 * context.config.numKvHeads() * context.config.headDim();
    }

    private void attend(int fromToken, int toToken, Tensor queries, Tensor out) {
        context.compute.attention(context.pass.rows, context.layer, scoreForms[context.layer], queries, out, fromToken,
                toToken);
    }

    /** From queries, keys and values to the output of the heads, in separate stages for hooks. */
    private void runHooked(StepHooks hooks) {
        Workspace space = context.space;
        if (latentHeads != null) {
            latentHeads.storeHooked(hooks);
        } else {
            storeHooked(hooks);
        }
        hooks.attention().run(context.layer, scoreForms[context.layer], space.attending(), space.attended());
        expandValues();
        context.runHooks(HookPoint.Z, space.attention);
    }

    private void storeHooked(StepHooks hooks) {
        Workspace space = context.space;
        LayerWeights weights = context.layerWeights();
        hooks.inputs().apply(weights, space.qkv);
        clip();
        context.runHooks(HookPoint.Q, space.queries);
        context.runHooks(HookPoint.K, space.keys);
        context.runHooks(HookPoint.V, space.values);
        if (context.config.attention().normAfterRope()) {
            context.forTokens(widthOfKeysAndValues(), rotate);
            normalizeHeads(hooks, weights);
        } else {
            normalizeHeads(hooks, weights);
            context.forTokens(widthOfKeysAndValues(), rotate);
        }
        context.runHooks(HookPoint.ROT_Q, space.queries);
        context.forTokens(widthOfKeysAndValues(), store);
    }

    private void normalizeHeads(StepHooks hooks, LayerWeights weights) {
        hooks.norms().normalizeHeads(weights.queryNorm(), context.space.queries, NormHooks.QUERY, context.layer);
        hooks.norms().normalizeHeads(weights.keyNorm(), context.space.keys, NormHooks.KEY, context.layer);
        clipNormalized();
    }

    /** Projects the output of the heads, and adds it to the stream where the residuals are serial. */
    private void addOutput() {
        Workspace space = context.space;
        LayerWeights weights = context.layerWeights();
        BlockNorms<NormWeights> norms = weights.attentionNorms();
        // [T, E]
        context.compute.linear(space.attention, weights.attentionOut(), space.attentionOut, context.numTokens);
        if (norms.after() != null) {
            dispatchHeadResults();
        }
        context.normalize(norms.after(), space.attentionOut, space.attentionOut,
                norms.before() == null ? NormHooks.LN1 : NormHooks.LN1_POST);
        if (context.blockScale() != 1f) {
            context.forTokens(context.config.hiddenSize(), scaleOutput);
        }
        if (norms.after() == null) {
            dispatchHeadResults();
        }
        context.runHooks(HookPoint.ATTN_OUT, space.attentionOut);
        if (!context.config.parallelResidual()) { // else the stream stays as it is until the FFN block has read it
            context.forTokens(context.config.hiddenSize(), addToStream);
        }
    }

    private void dispatchHeadResults() {
        if (context.hooks != null) {
            context.hooks.results().dispatch(context.layer, tensors.layers().get(context.layer).attentionOut(),
                    context.space.attention, context.space.attentionOut);
        }
    }

    private void normalizeHeadsRotateAndStoreTokens(int from, int to) {
        if (context.config.attention().normAfterRope()) {
            rotateTokens(from, to);
            normalizeHeadsOfTokens(from, to);
        } else {
            normalizeHeadsOfTokens(from, to);
            rotateTokens(from, to);
        }
        storeTokens(from, to);
    }

    private void normalizeHeadsOfTokens(int from, int to) {
        Workspace space = context.space;
        normalizeHeads(context.layerWeights().queryNorm(), space.queries, space.queryHeads, from, to);
        normalizeHeads(context.layerWeights().keyNorm(), space.keys, space.keyHeads, from, to);
        if (context.config.attention().clipsAfterNorm()) {
            clipNormalizedTokens(from, to);
        }
    }

    /** Normalizes each head by itself where the norm is as wide as a head, else all together. */
    private void normalizeHeads(@Nullable HeadNormWeights norm, Tensor all, Tensor[] heads, int from, int to) {
        if (norm == null) {
            return;
        }
        if (norm.width() == all.shape(1)) {
            context.kernels.normalize(norm.ofHead(0), all, all, from, to);
        } else {
            for (int head = 0; head < heads.length; head++) {
                context.kernels.normalize(norm.ofHead(head), heads[head], heads[head], from, to);
            }
        }
    }

    /** Applies RoPE, row by row, as rows may have different tables; and the factor of queries. */
    private void rotateTokens(int from, int to) {
        scaleQueries(from, to);
        StepRows rows = context.pass.rows;
        for (int token = from; token < to;) {
            int row = rows.rowOf(token);
            int end = Math.min(to, rows.rowStart(row + 1));
            RopeTable table = context.pass.ropes[row].of(context.layer);
            if (table != null) {
                rotate(table, token, end);
            }
            token = end;
        }
    }

    private void scaleQueries(int from, int to) {
        QueryTemperature temperature = context.config.layer(context.layer).queryTemperature();
        if (temperature != null) {
            Tensor queries = context.space.queries;
            for (int token = from; token < to; token++) {
                context.kernels.scale(temperature.factor(context.space.positions[token]), queries,
                        (int) queries.shape(1), token, token + 1);
            }
        }
    }

    private void rotate(RopeTable table, int from, int to) {
        Workspace space = context.space;
        ModelConfig config = context.config;
        context.kernels.applyRope(space.queries, config.numHeads(), config.headDim(), table, space.positions, from, to);
        context.kernels.applyRope(space.keys, config.numKvHeads(), config.headDim(), table, space.positions, from, to);
    }

    private void storeTokens(int from, int to) {
        context.pass.rows.write(context.layer, context.space.keys, context.space.values, 0, from, to);
    }

    private void scaleOutputOfTokens(int from, int to) {
        context.kernels.scale(context.blockScale(), context.space.attentionOut, context.config.hiddenSize(), from, to);
    }

    private void addToStream(int from, int to) {
        context.kernels.add(context.space.hidden, context.space.attentionOut, context.config.hiddenSize(), from, to);
    }
}
