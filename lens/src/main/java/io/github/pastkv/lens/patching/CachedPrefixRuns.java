package io.github.pastkv.lens.patching;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Patched runs over a shared prefix: a row shares the base run's keys and values up to the first position that can
 * differ, without copying them. It enters at the patched layer with the base run's residual stream; that layer runs
 * with the hook, and the layers after it run as usual. Where a shortcut leads past the layer, the runs are cut around
 * both of its layers.
 */
final class CachedPrefixRuns implements PatchedRuns {
    private final Lens lens;
    private final ModelConfig model;
    private final UnpatchedRun base;
    private final List<PatchCell> cells;
    private final int[] starts; // [B], the first position that a row runs
    private final AttentionMask mask;
    private final Session session;
    private final Tensor entering; // [B, N, E], where each run begins

    CachedPrefixRuns(Lens lens, UnpatchedRun base, List<PatchCell> cells) {
        this.lens = lens;
        this.base = base;
        this.cells = cells;
        this.starts = cells.stream().mapToInt(cell -> cell.firstAffected(base.from())).toArray();
        this.mask = AttentionMask.ofLengths(IntStream.of(starts).map(start -> base.numTokens() - start).toArray());
        this.model = lens.model().config();
        int hiddenSize = model.hiddenSize();
        this.entering = Tensor.of(
                new float[Math.toIntExact((long) mask.batchSize() * mask.numSlots() * hiddenSize)], mask.batchSize(),
                mask.numSlots(), hiddenSize);
        this.session = base.session().fork();
        session.cache().repeatRows(cells.size());
        for (int row = 0; row < starts.length; row++) {
            session.cache().truncateRow(row, starts[row]);
        }
        session.freeze();
    }

    @Override
    public Tensor logits(List<HookPoint> points, int layer, PatchSource source) {
        int first = model.cutAtOrBefore(layer);
        enter(first);
        if (points.equals(List.of(HookPoint.RESID_PRE)) && first == layer) { // what enters is patched, without a hook
            patchStream(source.at(HookName.of(HookPoint.RESID_PRE, layer)));
            return lens.lastLogits(session, new StepInput.Residual(entering, mask, layer));
        }
        int behind = model.cutAtOrAfter(layer + 1);
        Tensor leaving = lens.stream(session, new StepInput.Residual(entering, mask, first), behind,
                PatchEdit.hooks(points, layer, source, cells));
        return lens.lastLogits(session, new StepInput.Residual(leaving, mask, behind));
    }

    /** Fills in the base run's stream before a layer, of each row from its start on. */
    private void enter(int layer) {
        Tensor stream = base.residualBefore(layer);
        for (int row = 0; row < starts.length; row++) {
            entering.narrow(0, row, row + 1L).narrow(1, 0, mask.numReal(row))
                    .copyFrom(stream.narrow(1, starts[row] - base.from(), stream.shape(1)));
        }
    }

    private void patchStream(Tensor source) {
        for (int row = 0; row < starts.length; row++) {
            int position = cells.get(row).position();
            int end = position == PatchCell.ALL ? base.numTokens() : position + 1;
            entering.narrow(0, row, row + 1L).narrow(1, 0, end - starts[row])
                    .copyFrom(source.narrow(1, starts[row], end));
        }
    }

    @Override
    public long numTokensRun(int layer) {
        long numTokens = IntStream.range(0, starts.length).map(mask::numReal).sum();
        return numTokens * (model.numLayers() - model.cutAtOrBefore(layer));
    }

    @Override
    public void close() {
        session.close();
    }
}
