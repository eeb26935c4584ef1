package io.github.pastkv.model.forward;

import io.github.pastkv.cache.DataType;
import io.github.pastkv.cache.Tensor;
import io.github.pastkv.model.config.ModelConfig;
import java.lang.foreign.Arena;

/** The buffers of one pass over at most n tokens, all F32 and outside the heap. Owned until {@link #close}. */
final class Workspace implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    final int maxTokens;

    final Tensor hidden; // [n, E]: the residual stream
    final Tensor normed; // [n, E]: also what a block adds to the stream
    final Tensor qkv; // [n, (H + 2K) * D]
    final Tensor queries; // [n, H * D], part of qkv
    final Tensor keys; // [n, K * D], part of qkv
    final Tensor values; // [n, K * D], part of qkv
    final Tensor attention; // [n, H * D]
    final Tensor ffn; // [n, F] or [n, 2F]
    final Tensor ffnGate; // [n, F], part of ffn
    final Tensor ffnUp; // [n, F], part of ffn; the gate itself where there is none
    final int[] positions; // [n]

    Workspace(ModelConfig config, int maxTokens) {
        this.maxTokens = maxTokens;
        int queryWidth = config.numHeads() * config.headDim();
        int keyWidth = config.numKvHeads() * config.headDim();
        int ffnWidth = config.ffnSize();
        hidden = buffer(config.hiddenSize());
        normed = buffer(config.hiddenSize());
        qkv = buffer(queryWidth + 2 * keyWidth);
        queries = qkv.narrow(1, 0, queryWidth);
        keys = qkv.narrow(1, queryWidth, queryWidth + keyWidth);
        values = qkv.narrow(1, queryWidth + keyWidth, queryWidth + 2L * keyWidth);
        attention = buffer(queryWidth);
        ffn = buffer(config.gatedFfn() ? 2 * ffnWidth : ffnWidth);
        ffnGate = ffn.narrow(1, 0, ffnWidth);
        ffnUp = config.gatedFfn() ? ffn.narrow(1, ffnWidth, 2L * ffnWidth) : ffnGate;
        positions = new int[maxTokens];
    }

    private Tensor buffer(int width) {
        return Tensor.allocate(arena, DataType.F32, maxTokens, width);
    }

    @Override
    public void close() {
        arena.close();
    }
}
