package io.github.pastkv.lens.patching;

import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;
import java.util.List;

/**
 * A batch of patched runs, one per row, which is reused for each layer, as frozen runs store nothing. Closed by its
 * owner.
 */
interface PatchedRuns extends AutoCloseable {
    /**
     * Logits of each row's last token, {@code [B, V]}, valid until the next call, with the rows' cells patched in a
     * layer.
     */
    Tensor logits(List<HookPoint> points, int layer, PatchSource source);

    /** Tokens times layers that such a run computes. */
    long numTokensRun(int layer);

    @Override
    void close();
}
