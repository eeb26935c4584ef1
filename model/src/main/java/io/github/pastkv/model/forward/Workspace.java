package io.github.pastkv.model.forward;

import io.github.pastkv.model.config.LatentConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The buffers of one pass over at most n tokens, all F32 and outside the heap. Owned until {@link #close}. */
final class Workspace implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    final int maxTokens;

    final Tensor hidden; // [n, E]: the residual stream
    final Tensor embedded; // [n, width]: embedding rows; the stream itself where the width is E
    final Tensor normed; // [n, E]: what a block reads
    final Tensor qkv; // [n, (H + 2K) * D]; with latents what the stream is projected to
    final Tensor queries; // [n, H * D], part of qkv unless made from a latent
    final Tensor keys; // [n, K * D], part of qkv; with latents what is stored
    final Tensor values; // [n, K * D], part of qkv; with latents the keys
    final Tensor[] queryHeads; // H times [n, D], parts of queries
    final Tensor[] keyHeads; // K times [n, D], parts of keys
    final Tensor attention; // [n, H * valueDim]
    private final @Nullable LatentBuffers latent;
    final Tensor attentionOut; // [n, E]: what attention adds to the stream
    final FfnBuffers ffn;
    private final @Nullable ExpertBuffers experts;
    private final @Nullable Tensor shortcut; // [n, E]: what experts beside a dense block give
    final Tensor ffnOut; // [n, E]: what the feed-forward block adds to the stream
    final int[] positions; // [n]

    Workspace(ModelConfig config, int maxTokens) {
        this.maxTokens = maxTokens;
        LatentConfig latentConfig = config.attention().latent();
        int queryWidth = config.numHeads() * config.headDim();
        int keyWidth = config.numKvHeads() * config.headDim();
        hidden = buffer(config.hiddenSize());
        embedded = config.embedding().width() == config.hiddenSize() ? hidden : buffer(config.embedding().width());
        normed = buffer(config.hiddenSize());
        attention = buffer(config.numHeads() * config.valueDim());
        if (latentConfig == null) {
            qkv = buffer(queryWidth + 2 * keyWidth);
            queries = qkv.narrow(1, 0, queryWidth);
            keys = qkv.narrow(1, queryWidth, queryWidth + keyWidth);
            values = qkv.narrow(1, queryWidth + keyWidth, queryWidth + 2L * keyWidth);
            queryHeads = heads(queries, config.headDim());
            keyHeads = heads(keys, config.headDim());
            latent = null;
        } else {
            int firstWidth = latentConfig.queryRank() == 0 ? queryWidth : latentConfig.queryRank();
            qkv = buffer(firstWidth + latentConfig.cachedDim());
            queries = latentConfig.queryRank() == 0 ? qkv.narrow(1, 0, queryWidth) : buffer(queryWidth);
            keys = qkv.narrow(1, firstWidth, qkv.shape(1));
            values = keys;
            queryHeads = new Tensor[0];
            keyHeads = new Tensor[0];
            latent = new LatentBuffers(arena, config, latentConfig, qkv, queries, attention);
        }
        attentionOut = buffer(config.hiddenSize());
        ffn = FfnBuffers.allocate(arena, maxTokens, config.ffnSize(), config.gatedFfn());
        experts = config.experts() == null ? null
                : ExpertBuffers.allocate(arena, maxTokens, config.hiddenSize(), config.experts());
        shortcut = config.experts() != null && config.experts().shortcut() ? buffer(config.hiddenSize()) : null;
        ffnOut = buffer(config.hiddenSize());
        positions = new int[maxTokens];
    }

    /** The buffers of latent attention, which the configuration must have. */
    LatentBuffers latent() {
        return Objects.requireNonNull(latent);
    }

    /** Queries as attention multiplies them with what the cache holds. */
    Tensor attending() {
        return latent == null ? queries : latent.absorbed;
    }

    /** What attention gives. */
    Tensor attended() {
        return latent == null ? attention : latent.attended;
    }

    /** The buffers of layers with experts, which the configuration must have. */
    ExpertBuffers experts() {
        return Objects.requireNonNull(experts);
    }

    /** What the layer's experts give to the next one, where the configuration has a shortcut. */
    Tensor shortcut() {
        return Objects.requireNonNull(shortcut);
    }

    /** (H + 2K) * D. */
    int qkvWidth() {
        return (int) qkv.shape(1);
    }

    private Tensor buffer(int width) {
        return Tensor.allocate(arena, DataType.F32, maxTokens, width);
    }

    private static Tensor[] heads(Tensor all, int headDim) {
        Tensor[] heads = new Tensor[(int) all.shape(1) / headDim];
        for (int head = 0; head < heads.length; head++) {
            heads[head] = all.narrow(1, (long) head * headDim, (head + 1L) * headDim);
        }
        return heads;
    }

    @Override
    public void close() {
        arena.close();
    }
}
