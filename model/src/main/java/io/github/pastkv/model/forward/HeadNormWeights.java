package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.NormWeights;

/**
 * The norms of a layer's query or key heads.
 *
 * @param norms one for all heads, {@code [D]} or {@code [heads * D]}, or one for each
 */
@SuppressWarnings("ArrayRecordComponent") // read for each head of each token, never compared
record HeadNormWeights(NormWeights[] norms) {
    /** The norm of a head. */
    NormWeights ofHead(int head) {
        return norms.length == 1 ? norms[0] : norms[head];
    }

    /** Numbers that are normalized together. */
    int width() {
        return norms[0].hiddenSize();
    }
}
