package io.github.pastkv.lens.patching;

import io.github.pastkv.lens.Lens;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Full runs: every row runs the whole prompt through all layers, with a hook in one of them. The reference for cached
 * runs, which give the same bits.
 */
final class FullRuns implements PatchedRuns {
    private final Lens lens;
    private final List<PatchCell> cells;
    private final Session session;
    private final StepInput input;
    private final int numTokens;

    FullRuns(Lens lens, int[] tokenIds, List<PatchCell> cells, SessionOptions options) {
        int[][] rows = new int[cells.size()][];
        Arrays.fill(rows, tokenIds);
        this.lens = lens;
        this.cells = cells;
        this.input = StepInput.tokens(rows);
        this.numTokens = rows.length * tokenIds.length;
        this.session = lens.model().newSession(options.withBatchSize(rows.length));
        session.freeze();
    }

    @Override
    public Tensor logits(List<HookPoint> points, int layer, PatchSource source) {
        return lens.lastLogits(session, input, PatchEdit.hooks(points, layer, source, cells));
    }

    @Override
    public long numTokensRun(int layer) {
        return (long) numTokens * lens.model().config().numLayers();
    }

    @Override
    public void close() {
        session.close();
    }
}
