package io.github.pastkv.model.forward;

import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.StepRows;
import io.github.pastkv.model.hooks.Probe;
import io.github.pastkv.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of one {@linkplain ForwardPass forward pass}: the rows, the input and the requested output. T is the
 * number of tokens of all rows.
 */
public final class Pass {
    private static final int ALL_LAYERS = Integer.MAX_VALUE;
    private static final int[] NONE = new int[0];

    final StepRows rows;
    final LayerRope[] ropes; // [B]
    int[] tokenIds = NONE; // [T]
    @Nullable Tensor embeddings; // [T, E]
    @Nullable Tensor residual; // [T, E]
    int startLayer;
    int stopLayer = ALL_LAYERS;
    int[] logitTokens = NONE;
    int numLogits;
    @Nullable Tensor logits; // [numLogits, V]
    @Nullable Tensor residualOut; // [T, E]
    @Nullable Probe probe;

    /**
     * A pass over {@code rows}, into which it writes keys and values; the caller commits their steps.
     *
     * @param ropes the RoPE tables of each row, {@code [B]}; rows of sessions of different lengths may have different
     *        ones
     */
    public Pass(StepRows rows, LayerRope... ropes) {
        this.rows = rows;
        this.ropes = ropes;
    }

    /** Sets token ids as the input, {@code [T]} at the front. */
    public Pass tokens(int[] newTokenIds) {
        tokenIds = newTokenIds;
        return this;
    }

    /** Sets embeddings as the input, F32 {@code [T, E]}. */
    public Pass embeddings(Tensor newEmbeddings) {
        embeddings = newEmbeddings;
        return this;
    }

    /** Sets a residual stream that enters before {@code layer} as the input, F32 {@code [T, E]}. */
    public Pass residual(Tensor newResidual, int layer) {
        residual = newResidual;
        startLayer = layer;
        return this;
    }

    /**
     * Requests logits.
     *
     * @param tokens tokens whose logits are computed, ascending, {@code [n]} at the front
     * @param count n
     * @param out F32 {@code [n, V]}, filled in the order of {@code tokens}
     */
    public Pass logits(int[] tokens, int count, Tensor out) {
        logitTokens = tokens;
        numLogits = count;
        logits = out;
        return this;
    }

    /** Requests the residual stream before {@code layer} instead; {@code out} is F32 {@code [T, E]}. */
    public Pass residualBefore(int layer, Tensor out) {
        stopLayer = layer;
        residualOut = out;
        return this;
    }

    /** Passes all activations to {@code newProbe}; the rows must then be those of one whole {@link KvStep}. */
    public Pass probe(Probe newProbe) {
        probe = newProbe;
        return this;
    }
}
