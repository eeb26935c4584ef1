package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.Compute.TokenRange;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.kernels.weights.GroupedRow;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;
import java.util.Objects;

/**
 * The residual stream that enters the first layer: of token ids, of embeddings given in their place, or given itself.
 */
final class Embedding {
    private final PassContext context;
    private final TokenRange lookUp = this::lookUpTokens;
    private final TokenRange addPositions = this::addPositionsOfTokens;
    private int[] tokenIds = {};

    Embedding(PassContext context) {
        this.context = context;
    }

    /** Fills hidden, {@code [T, E]}. */
    void run() {
        Pass pass = context.pass;
        if (pass.residual != null) {
            hidden().copyFrom(pass.residual);
        } else if (pass.embeddings != null) {
            hidden().copyFrom(pass.embeddings);
            finish(true);
        } else {
            tokenIds = context.hooks == null
                    ? pass.tokenIds
                    : context.hooks.tokenIds(pass.tokenIds, context.config.vocabSize());
            lookUp();
            finish(false);
        }
    }

    private Tensor hidden() {
        return context.space.hidden.narrow(0, 0, context.numTokens);
    }

    private void lookUp() {
        context.forTokens(context.config.embedding().width(), lookUp); // embedded [T, width]
        LinearWeights projection = context.weights.embedding().projection();
        if (projection != null) {
            context.compute.linear(context.space.embedded, projection, context.space.hidden, context.numTokens);
        }
    }

    /** Adds positions and normalizes. Without positions the norm is the embedding's own, which given rows have had. */
    private void finish(boolean isNormed) {
        Workspace space = context.space;
        NormWeights norm = context.weights.embedding().norm();
        Tensor positions = context.weights.embedding().positions();
        if (positions == null) {
            context.normalize(isNormed ? null : norm, space.hidden, space.hidden, NormHooks.EMBEDDING);
            context.runHooks(HookPoint.EMBED, space.hidden);
        } else {
            context.runHooks(HookPoint.EMBED, space.hidden);
            addPositions(positions);
            context.normalize(norm, space.hidden, space.hidden, NormHooks.EMBEDDING);
        }
    }

    private void addPositions(Tensor positions) {
        int hiddenSize = context.config.hiddenSize();
        if (context.hooks == null || !context.hooks.dispatcher().wants(HookPoint.POS_EMBED, 0)) {
            context.forTokens(hiddenSize, addPositions);
            return;
        }
        Tensor rows = context.hooks.dispatcher().allocate(context.numTokens, hiddenSize);
        for (int token = 0; token < context.numTokens; token++) {
            EmbeddingRows.copy(positions, positionRow(token), 1f, rows, token);
        }
        context.runHooks(HookPoint.POS_EMBED, rows);
        context.kernels.add(context.space.hidden, rows, hiddenSize, 0, context.numTokens);
    }

    private void lookUpTokens(int from, int to) {
        WeightMatrix table = context.weights.embedding().tokens();
        GroupedRow scratch = EmbeddingRows.scratch(table);
        for (int token = from; token < to; token++) {
            EmbeddingRows.copy(table, scratch, tokenIds[token],
                    context.config.embedding().scale(), context.space.embedded, token);
        }
    }

    private void addPositionsOfTokens(int from, int to) {
        Tensor positions = Objects.requireNonNull(context.weights.embedding().positions());
        for (int token = from; token < to; token++) {
            EmbeddingRows.add(positions, positionRow(token), context.space.hidden, token);
        }
    }

    private int positionRow(int token) {
        return context.config.embedding().firstPositionRow() + context.space.positions[token];
    }
}
