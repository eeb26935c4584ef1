package io.github.pastkv.kernels;

import io.github.pastkv.kernels.weights.ComputeType;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.QuantizedRow;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.List;

/**
 * The arithmetic of a transformer on one thread; {@link Compute} splits it among threads. All implementations with the
 * same {@link #numericIdentity()} give the same bits. {@link ScalarKernels} is the specification, written to be read,
 * and tests compare every other implementation with it bit by bit.
 *
 * <p>Activations are F32 tensors {@code [T, width]} (except rounded ones) with contiguous rows and any row stride.
 * Methods with {@code fromToken, toToken} or {@code fromOutput, toOutput} compute that half-open range only, so that
 * callers may split the work among threads in any way without changing a bit. Arguments are checked once where buffers
 * are made, and by {@code assert} here. Implementations are stateless and safe for any number of threads.
 *
 * <p>Rules for every implementation: only + - x / sqrt fma min max and conversions, in the order that
 * {@link ScalarKernels} writes down; sums across a row run in 16 virtual lanes joined by one fixed tree ({@link
 * LaneSum#of}).
 */
public interface Kernels {
    /** The name printed by {@code inspect}, for example {@code vector (512 bit)}. */
    String name();

    /** Kernels with equal identity give equal bits. */
    String numericIdentity();

    /** The fastest compute type of linear layers over weights stored as BF16, chosen by {@code auto}. */
    default ComputeType fastestForBf16() {
        return ComputeType.F32;
    }

    /**
     * The name of the kernels that compute linear layers of this precision over weights stored as {@code stored}, as
     * kernels may delegate some precisions to others. A single layer of an unsupported size may still be delegated.
     */
    default String linearName(LinearPrecision precision, DataType stored) {
        return name();
    }

    /**
     * Packs the parts, concatenated by outputs, into one linear layer. INT8 weights are those of {@link QuantizedRow}.
     *
     * @param parts weights {@code [outputs, inputs]} with equal inputs
     * @param arena owner of the packed memory
     */
    LinearWeights pack(List<WeightMatrix> parts, LinearPrecision precision, Arena arena);

    /**
     * y[t] = x[t] rounded to BF16, over {@code width} columns: the inputs of linear layers whose compute type is BF16.
     *
     * @param y F32 or BF16; must not overlap x
     */
    void round(Tensor x, Tensor y, int width, int fromToken, int toToken);

    /**
     * y[t, n] = (sum over k, ascending, one fma chain from 0, of x[t, k] * w[n, k]) + bias[n], for outputs n in the
     * range. For INT8 weights w are the integers, and the sum is multiplied by the output's scale before the bias is
     * added.
     *
     * <p>For grouped integers: y[t, n] = (sum over groups g, ascending, from 0: one fma of scale[n, g] and the fma
     * chain from 0 of x[t, k] * w[n, k] over the group's k ascending; then, where there are minimums, one fma of
     * minimum[n, g] and the sum from 0 of the group's x[t, k] ascending) + bias[n].
     *
     * @param x {@code [T, K]} of {@link LinearWeights#inputType()}, rounded by {@link #round} where the weights'
     *     compute type is BF16; must not overlap y
     * @param y {@code [T, N]}
     */
    void linear(Tensor x, LinearWeights weights, Tensor y, int numTokens, int fromOutput, int toOutput);

    /** y[t] = norm(x[t]); x and y may be the same tensor. */
    void normalize(NormWeights norm, Tensor x, Tensor y, int fromToken, int toToken);

    /**
     * Applies RoPE to each head of x, in place: for each pair of dimensions i and j of the table, (x[i], x[j]) becomes
     * (x[i] cos - x[j] sin, x[j] cos + x[i] sin).
     *
     * @param x {@code [T, numHeads * headDim]}
     * @param positions position of each token, int {@code [T]}
     */
    void applyRope(Tensor x, int numHeads, int headDim, RopeTable table, int[] positions, int fromToken, int toToken);

    /** x = activation(x), in place, over {@code width} columns. */
    void activate(Activation activation, Tensor x, int width, int fromToken, int toToken);

    /** x = xIELU(x), in place, over {@code width} columns. */
    default void xielu(Xielu xielu, Tensor x, int width, int fromToken, int toToken) {
        xielu.apply(x, width, fromToken, toToken);
    }

    /** gate = {@link ClampedSwiglu}(gate, up), over {@code width} columns. */
    default void clampedSwiglu(ClampedSwiglu swiglu, Tensor gate, Tensor up, int width, int fromToken, int toToken) {
        swiglu.apply(gate, up, width, fromToken, toToken);
    }

    /** gate = activation(gate) * up, over {@code width} columns. */
    void gatedActivation(Activation activation, Tensor gate, Tensor up, int width, int fromToken, int toToken);

    /** x = x + y, over {@code width} columns. */
    void add(Tensor x, Tensor y, int width, int fromToken, int toToken);

    /** x = factor * x, in place, over {@code width} columns. */
    default void scale(float factor, Tensor x, int width, int fromToken, int toToken) {
        Elementwise.scale(factor, x, width, fromToken, toToken);
    }

    /** y[yRow] = fma(factor, x[xRow], y[yRow]), over {@code width} columns; x and y must not overlap. */
    default void addScaled(float factor, Tensor x, long xRow, Tensor y, long yRow, int width) {
        Elementwise.addScaled(factor, x, xRow, y, yRow, width);
    }

    /** x = x, at least -limit and at most limit, in place, over {@code width} columns. */
    default void clip(float limit, Tensor x, int width, int fromToken, int toToken) {
        Elementwise.clip(limit, x, width, fromToken, toToken);
    }

    /** x = cap * tanh(x / cap), in place, over {@code width} columns. */
    void softCap(float cap, Tensor x, int width, int fromToken, int toToken);

    /**
     * First step of attention: the scores of a tile, each an fma chain over the dimensions in ascending order,
     * transformed by {@link ScoreForm}.
     */
    void qkScores(AttentionTile tile);

    /**
     * Second step of attention: turns each row of scores into its pattern, in place. The maximum, then exp(score -
     * maximum), then the sum (for each span of positions 16 lanes and the tree; spans in order), then each divided by
     * the sum. The score of an attention sink ({@link ScoreForm#withSinkScores}) counts for the maximum, and its
     * exponential is added to the sum last. All over the positions that the row attends to. The lane of a position is
     * its remainder modulo 16, and its span starts at the multiple of 256 below it, wherever a window begins.
     */
    void softmax(AttentionTile tile);

    /**
     * Last step of attention: out[row, d] = sum over positions of pattern * value: within a span one fma chain from 0,
     * positions ascending; the spans' sums are added in order. Positions that the row does not attend to are not read.
     */
    void weightedValues(AttentionTile tile);
}
