package io.github.pastkv.model.forward;

import io.github.pastkv.cache.KvStep;
import io.github.pastkv.kernels.AttentionTile;
import io.github.pastkv.kernels.Compute;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.ScoreForm;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.model.hooks.StepSlots;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Attention in its three steps (scores, softmax, values), each over all tiles of the step, which dispatches the keys,
 * values, scores and pattern of the whole layer in between. It uses the same tiles and kernels as the fused pass.
 */
final class HookedAttention {
    private final HookDispatcher dispatcher;
    private final StepSlots slots;
    private final KvStep step;
    private final Compute compute;
    private final Kernels kernels;
    private final ModelConfig config;

    HookedAttention(HookDispatcher dispatcher, KvStep step, Compute compute, ModelConfig config) {
        this.dispatcher = dispatcher;
        this.step = step;
        this.slots = dispatcher.slots();
        this.compute = compute;
        this.kernels = compute.kernels();
        this.config = config;
    }

    /** Attention of all tokens of the step in one layer, as {@link Compute#attention}. */
    void run(int layer, ScoreForm form, Tensor queries, Tensor out) {
        PatchedKv @Nullable [] edited = new HookedPast(dispatcher, step, config).edited(layer);
        Work work = new Work(layer, form, queries, out, edited);
        boolean wantsScores = dispatcher.wants(HookPoint.ATTN_SCORES, layer);
        if (!wantsScores && !dispatcher.wants(HookPoint.PATTERN, layer)) {
            work.forTiles(tile -> {
                kernels.qkScores(tile);
                kernels.softmax(tile);
                kernels.weightedValues(tile);
            });
            return;
        }
        Tensor pattern = dispatcher.allocate(slots.batchSize(), config.numHeads(), slots.numNew(), slots.kvSlots());
        if (wantsScores) {
            Tensor scores = scores(work, layer);
            work.forTiles(tile -> {
                copy(scores, tile, true);
                softmax(tile);
                copy(pattern, tile, false);
            });
        } else {
            work.forTiles(tile -> {
                kernels.qkScores(tile);
                kernels.softmax(tile);
                copy(pattern, tile, false);
            });
        }
        if (dispatcher.wants(HookPoint.PATTERN, layer)) {
            dispatcher.dispatch(HookPoint.PATTERN, layer, pattern);
        }
        work.forTiles(tile -> {
            copy(pattern, tile, true);
            kernels.weightedValues(tile);
        });
    }

    private Tensor scores(Work work, int layer) {
        Tensor scores = dispatcher.allocate(slots.batchSize(), config.numHeads(), slots.numNew(), slots.kvSlots());
        for (long i = 0, n = scores.numElements(); i < n; i++) {
            DataType.F32.write(scores.segment(), i * Float.BYTES, Float.NEGATIVE_INFINITY);
        }
        work.forTiles(tile -> {
            kernels.qkScores(tile);
            copy(scores, tile, false);
        });
        dispatcher.dispatch(HookPoint.ATTN_SCORES, layer, scores);
        return scores;
    }

    /** A row whose scores were all masked by a hook attends to nothing. */
    private void softmax(AttentionTile tile) {
        boolean[] sees = new boolean[tile.numRows()];
        for (int row = 0; row < sees.length; row++) {
            for (int position = 0; position < tile.numVisible(row); position++) {
                sees[row] |= tile.sees(row, position) && score(tile, row, position) != Float.NEGATIVE_INFINITY;
            }
        }
        kernels.softmax(tile);
        for (int row = 0; row < sees.length; row++) {
            for (int position = 0; !sees[row] && position < tile.numVisible(row); position++) {
                if (tile.sees(row, position)) {
                    DataType.F32.write(tile.scores(), tile.scoreByteOffset(row) + 4L * position, 0f);
                }
            }
        }
    }

    private static float score(AttentionTile tile, int row, int position) {
        return DataType.F32.read(tile.scores(), tile.scoreByteOffset(row) + 4L * position);
    }

    /** Copies the attended scores of a tile from or to {@code [B, H, N, P + N]}. */
    private void copy(Tensor all, AttentionTile tile, boolean intoTile) {
        for (int tileRow = 0; tileRow < tile.numRows(); tileRow++) {
            int token = tile.firstQuery() + tileRow / tile.gqaGroupSize();
            int row = slots.rowOfToken(token);
            int head = tile.kvHead() * tile.gqaGroupSize() + tileRow % tile.gqaGroupSize();
            long start = all.byteOffset(row, head, slots.slotOfToken(token), 0);
            for (int position = 0; position < tile.numVisible(tileRow); position++) {
                if (!tile.sees(tileRow, position)) {
                    continue;
                }
                long inTile = tile.scoreByteOffset(tileRow) + 4L * position;
                long inAll = start + 4L * slots.keySlotOf(row, position);
                if (intoTile) {
                    DataType.F32.write(tile.scores(), inTile, DataType.F32.read(all.segment(), inAll));
                } else {
                    DataType.F32.write(all.segment(), inAll, DataType.F32.read(tile.scores(), inTile));
                }
            }
        }
    }

    /** Arguments common to all tiles of a run. */
    private final class Work {
        private final int layer;
        private final ScoreForm form;
        private final Tensor queries;
        private final Tensor out;
        private final PatchedKv @Nullable [] edited;

        Work(int layer, ScoreForm form, Tensor queries, Tensor out, PatchedKv @Nullable [] edited) {
            this.layer = layer;
            this.form = form;
            this.queries = queries;
            this.out = out;
            this.edited = edited;
        }

        void forTiles(Compute.TileWork work) {
            compute.forTiles(step, layer, form, queries, out, 0, slots.numTokens(), edited == null ? work : tile -> {
                tile.readFrom(edited[slots.rowOfToken(tile.firstQuery())], 0);
                work.run(tile);
            });
        }
    }
}
