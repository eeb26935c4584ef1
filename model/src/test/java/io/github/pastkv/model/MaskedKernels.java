package io.github.pastkv.model;

import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.kernels.AttentionTile;
import io.github.pastkv.kernels.DelegatingKernels;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.tensor.DataType;

/**
 * Kernels that know of no windows and see all that is stored, with a mask of minus infinity laid over the scores: what
 * a window is by definition.
 */
final class MaskedKernels extends DelegatingKernels {
    private final KvWindow window;

    MaskedKernels(Kernels delegate, KvWindow window) {
        super(delegate);
        this.window = window;
    }

    @Override
    public void qkScores(AttentionTile tile) {
        super.qkScores(tile);
        for (int row = 0; row < tile.numRows(); row++) {
            for (int position = 0; position < tile.numVisible(row); position++) {
                if (!window.sees(tile.position(row), position)) {
                    DataType.F32.write(tile.scores(), tile.scoreByteOffset(row) + 4L * position,
                            Float.NEGATIVE_INFINITY);
                }
            }
        }
    }
}
