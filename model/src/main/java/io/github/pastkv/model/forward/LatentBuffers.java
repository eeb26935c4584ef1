package io.github.pastkv.model.forward;

import io.github.pastkv.model.config.LatentConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The buffers of latent attention for n tokens, and the parts of them that belong to single heads. R is the width of a
 * latent, Dr that of a rotary key.
 */
final class LatentBuffers {
    final @Nullable Tensor queryLatent; // [n, rank], part of qkv; null where queries are projected from the stream
    final Tensor latent; // [n, R], part of qkv
    final Tensor rotaryKey; // [n, Dr], part of qkv
    final Tensor absorbed; // [n, H * (R + Dr)]: queries as they meet what the cache holds
    final Tensor attended; // [n, H * R]: the latent that each head reads
    final Tensor[] queryParts; // H times [n, D - Dr], parts of the queries
    final Tensor[] rotaryQueries; // H times [n, Dr], parts of the queries
    final Tensor[] absorbedLatents; // H times [n, R], parts of absorbed
    final Tensor[] absorbedRotary; // H times [n, Dr], parts of absorbed
    final Tensor[] attendedHeads; // H times [n, R], parts of attended
    final Tensor[] outHeads; // H times [n, valueDim], parts of the output of the heads

    LatentBuffers(Arena arena, ModelConfig config, LatentConfig latent, Tensor qkv, Tensor queries, Tensor attention) {
        long firstLatent = qkv.shape(1) - latent.cachedDim();
        int r = latent.latentDim();
        int d = config.headDim();
        int numHeads = config.numHeads();
        queryLatent = latent.queryRank() == 0 ? null : qkv.narrow(1, 0, latent.queryRank());
        this.latent = qkv.narrow(1, firstLatent, firstLatent + r);
        rotaryKey = qkv.narrow(1, firstLatent + r, qkv.shape(1));
        absorbed = Tensor.allocate(arena, DataType.F32, qkv.shape(0), (long) numHeads * latent.cachedDim());
        attended = Tensor.allocate(arena, DataType.F32, qkv.shape(0), (long) numHeads * r);
        queryParts = parts(queries, numHeads, d, 0, d - latent.rotaryDim());
        rotaryQueries = parts(queries, numHeads, d, d - latent.rotaryDim(), d);
        absorbedLatents = parts(absorbed, numHeads, latent.cachedDim(), 0, r);
        absorbedRotary = parts(absorbed, numHeads, latent.cachedDim(), r, latent.cachedDim());
        attendedHeads = parts(attended, numHeads, r, 0, r);
        outHeads = parts(attention, numHeads, latent.valueDim(), 0, latent.valueDim());
    }

    /** Columns {@code [from, to)} of each head of {@code width}. */
    private static Tensor[] parts(Tensor all, int numHeads, int width, int from, int to) {
        return IntStream.range(0, numHeads)
                .mapToObj(head -> all.narrow(1, (long) head * width + from, (long) head * width + to))
                .toArray(Tensor[]::new);
    }
}
