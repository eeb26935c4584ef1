package io.github.pastkv.model.forward;

import io.github.pastkv.cache.StepRows;
import io.github.pastkv.kernels.Compute.TokenRange;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.kernels.RopeTable;
import io.github.pastkv.model.config.LatentConfig;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What latent attention has around attention itself (multi-head latent attention in absorbed form; DeepSeek-V2, 2024).
 *
 * <p>The score of a head is q . k = q . (W c) = (W' q) . c, where c is the latent of a token and W the head's
 * projection of latents to keys. So each query is multiplied by the transpose of W once, and attention runs over
 * latents as over one kv head that all query heads share. In the same way each head's sum over latents is multiplied
 * by its projection to values once. The order of sums depends on the query alone, as in all attention.
 */
final class LatentHeads {
    private final PassContext context;
    private final LatentConfig config;
    private final TokenRange normalizeQueryLatents = this::normalizeQueryLatentsOfTokens;
    private final TokenRange scaleQueries = this::scaleQueriesOfTokens;
    private final TokenRange normalizeLatents = this::normalizeLatentsOfTokens;
    private final TokenRange rotate = this::rotateTokens;
    private final TokenRange rotateAndStore = this::rotateAndStoreTokens;
    private final TokenRange store = this::storeTokens;
    private final TokenRange finishAbsorbing = this::finishAbsorbingTokens;
    private final TokenRange scaleAttended = this::scaleAttendedTokens;

    LatentHeads(PassContext context, LatentConfig config) {
        this.context = context;
        this.config = config;
    }

    private LatentWeights weights() {
        return Objects.requireNonNull(context.layerWeights().latent());
    }

    private LatentBuffers buffers() {
        return context.space.latent();
    }

    /** Queries of all heads, from the projection of the stream. */
    void expandQueries() {
        LinearWeights up = weights().queryUp();
        Tensor queryLatent = buffers().queryLatent;
        if (up != null && queryLatent != null) {
            context.forTokens(config.queryRank(), normalizeQueryLatents);
            context.compute.linear(queryLatent, up, context.space.queries, context.numTokens);
        }
        if (config.queryScale() != 1f) {
            context.forTokens((int) context.space.queries.shape(1), scaleQueries);
        }
    }

    private void normalizeQueryLatentsOfTokens(int from, int to) {
        Tensor rows = Objects.requireNonNull(buffers().queryLatent);
        context.kernels.normalize(Objects.requireNonNull(weights().queryNorm()), rows, rows, from, to);
    }

    private void scaleQueriesOfTokens(int from, int to) {
        Tensor queries = context.space.queries;
        context.kernels.scale(config.queryScale(), queries, (int) queries.shape(1), from, to);
    }

    /** Normalizes, rotates and stores what the cache holds, and prepares the queries for it. */
    void store() {
        context.forTokens(config.cachedDim(), normalizeLatents);
        context.forTokens(widthOfRotation(), rotateAndStore);
        absorb();
    }

    /** The same in separate stages for hooks. */
    void storeHooked(StepHooks hooks) {
        context.runHooks(HookPoint.Q, context.space.queries);
        context.forTokens(config.cachedDim(), normalizeLatents);
        context.runHooks(HookPoint.LATENT, buffers().latent);
        hooks.expanded().dispatch(context.layer, buffers());
        context.forTokens(widthOfRotation(), rotate);
        context.runHooks(HookPoint.ROT_Q, context.space.queries);
        context.runHooks(HookPoint.ROT_LATENT_K, buffers().rotaryKey);
        context.forTokens(config.cachedDim(), store);
        absorb();
    }

    private int widthOfRotation() {
        return (context.config.numHeads() + 1) * config.rotaryDim() + config.cachedDim();
    }

    private void normalizeLatentsOfTokens(int from, int to) {
        NormWeights norm = weights().latentNorm();
        context.kernels.normalize(norm, buffers().latent, buffers().latent, from, to);
    }

    private void rotateAndStoreTokens(int from, int to) {
        rotateTokens(from, to);
        storeTokens(from, to);
    }

    /** Applies RoPE to the rotary parts, row by row, as rows may have different tables. */
    private void rotateTokens(int from, int to) {
        StepRows rows = context.pass.rows;
        for (int token = from; token < to;) {
            int row = rows.rowOf(token);
            int end = Math.min(to, rows.rowStart(row + 1));
            RopeTable table = context.pass.ropes[row].of(context.layer);
            rotate(table, buffers().rotaryKey, token, end);
            for (Tensor query : buffers().rotaryQueries) {
                rotate(table, query, token, end);
            }
            token = end;
        }
    }

    private void rotate(@Nullable RopeTable table, Tensor rows, int from, int to) {
        if (table != null) {
            context.kernels.applyRope(rows, 1, config.rotaryDim(), table, context.space.positions, from, to);
        }
        if (config.splitsPairs()) {
            float[] pairs = new float[config.rotaryDim()];
            for (int token = from; token < to; token++) {
                splitPairs(rows, token, pairs);
            }
        }
    }

    /** Moves the first numbers of all pairs before the second ones. */
    private static void splitPairs(Tensor rows, int token, float[] pairs) {
        long start = token * rows.stride(0) * Float.BYTES;
        for (int i = 0; i < pairs.length; i++) {
            pairs[i] = DataType.F32.read(rows.segment(), start + 4L * i);
        }
        int half = pairs.length / 2;
        for (int pair = 0; pair < half; pair++) {
            DataType.F32.write(rows.segment(), start + 4L * pair, pairs[2 * pair]);
            DataType.F32.write(rows.segment(), start + 4L * (half + pair), pairs[2 * pair + 1]);
        }
    }

    private void storeTokens(int from, int to) {
        context.pass.rows.write(context.layer, context.space.keys, context.space.values, 0, from, to);
    }

    private void absorb() {
        eachHead(weights().absorbing(), buffers().queryParts, buffers().absorbedLatents);
        context.forTokens((int) buffers().absorbed.shape(1), finishAbsorbing);
    }

    private void eachHead(List<LinearWeights> weights, Tensor[] from, Tensor[] to) {
        for (int head = 0; head < from.length; head++) {
            context.compute.linear(from[head], weights.get(head), to[head], context.numTokens);
        }
    }

    /** The factor of latents, and the rotary parts of the queries, which stay as they are. */
    private void finishAbsorbingTokens(int from, int to) {
        for (int head = 0; head < buffers().rotaryQueries.length; head++) {
            if (config.latentScale() != 1f) {
                context.kernels.scale(config.latentScale(), buffers().absorbedLatents[head], config.latentDim(), from,
                        to);
            }
            for (int token = from; token < to; token++) {
                copyRow(buffers().rotaryQueries[head], buffers().absorbedRotary[head], token);
            }
        }
    }

    private static void copyRow(Tensor from, Tensor to, int token) {
        MemorySegment.copy(from.segment(), token * from.stride(0) * Float.BYTES, to.segment(),
                token * to.stride(0) * Float.BYTES, from.shape(1) * Float.BYTES);
    }

    /** From the latents that the heads of the tokens at the front attended to, to the output of the heads. */
    void expandValues() {
        if (config.latentScale() != 1f) {
            context.forTokens((int) buffers().attended.shape(1), scaleAttended);
        }
        eachHead(weights().values(), buffers().attendedHeads, buffers().outHeads);
    }

    private void scaleAttendedTokens(int from, int to) {
        context.kernels.scale(config.latentScale(), buffers().attended, (int) buffers().attended.shape(1), from, to);
    }
}
