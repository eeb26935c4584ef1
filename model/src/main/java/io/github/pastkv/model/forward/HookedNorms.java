package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.Compute;
import io.github.pastkv.kernels.NormStages;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Norms in separate stages, which dispatch the divisor and the normalized activations in between; the bits are those of
 * the fused norm.
 */
final class HookedNorms {
    private final HookDispatcher dispatcher;
    private final Compute compute;

    HookedNorms(HookDispatcher dispatcher, Compute compute) {
        this.dispatcher = dispatcher;
        this.compute = compute;
    }

    /** y = norm(x) over the step's n tokens, {@code [n, E]}; x and y may be the same. */
    void normalize(NormWeights norm, Tensor x, Tensor y, NormHooks points, int layer) {
        int numTokens = dispatcher.slots().numTokens();
        rows(new HeadNormWeights(new NormWeights[] {norm}), x.narrow(0, 0, numTokens), y.narrow(0, 0, numTokens),
                points,
                layer, 1);
    }

    /** The same for each of {@code numHeads} heads of {@code [n, heads * D]}, or for all together, in place. */
    void normalizeHeads(@Nullable HeadNormWeights norm, Tensor heads, NormHooks points, int layer) {
        if (norm == null) {
            return;
        }
        int numTokens = dispatcher.slots().numTokens();
        long width = heads.shape(1);
        int perToken = Math.toIntExact(width / norm.width());
        Tensor packed = dispatcher.allocate(numTokens, width);
        packed.copyFrom(heads.narrow(0, 0, numTokens));
        Tensor each = packed.reshape((long) numTokens * perToken, norm.width());
        rows(norm, each, each, points, layer, perToken);
        heads.narrow(0, 0, numTokens).copyFrom(packed);
    }

    private void rows(HeadNormWeights norms, Tensor x, Tensor y, NormHooks points, int layer, int perToken) {
        int numRows = Math.toIntExact(x.shape(0));
        int width = norms.width();
        NormWeights norm = norms.ofHead(0); // all have one formula
        Tensor means = dispatcher.allocate(numRows, 1);
        Tensor scales = dispatcher.allocate(numRows, 1);
        Tensor normalized = dispatcher.allocate(numRows, width);
        compute.forTokens(numRows, width, (from, to) -> NormStages.scales(norm, x, means, scales, from, to));
        dispatch(points.scale(), layer, scales, perToken);
        compute.forTokens(numRows, width, (from, to) -> NormStages.divide(x, means, scales, normalized, from, to));
        dispatch(points.normalized(), layer, normalized, perToken);
        compute.forTokens(numRows, width, (from, to) -> {
            for (int row = from; row < to; row++) {
                NormStages.affine(norms.ofHead(row % perToken), normalized, y, row, row + 1);
            }
        });
    }

    private void dispatch(HookPoint point, int layer, Tensor rows, int perToken) {
        dispatcher.rows(point, layer, rows.reshape(rows.shape(0) / perToken, perToken * rows.shape(1)));
    }
}
