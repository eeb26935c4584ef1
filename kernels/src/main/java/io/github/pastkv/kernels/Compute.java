package io.github.pastkv.kernels;

import io.github.pastkv.cache.StepRows;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.kernels.weights.ComputeType;
import io.github.pastkv.tensor.Tensor;

/**
 * Runs {@link Kernels} on the threads of a {@link ComputePool}: splits each operation into items that any thread may
 * process. No bit of a result depends on the split. Operations too small to benefit from a second thread run on the
 * caller's.
 *
 * <p>One operation at a time; running one allocates nothing once score buffers have grown. Owns its threads and scratch
 * memory until {@link #close}.
 */
public final class Compute implements AutoCloseable {
    private static final int ITEMS_PER_THREAD = 4;

    private final Kernels kernels;
    private final ComputePool pool;
    private final LinearTask linearTask = new LinearTask();
    private final RoundedInputs roundedInputs = new RoundedInputs();
    private final TokensTask tokensTask = new TokensTask();
    private final Attention attention;

    /**
     * Compute for models of one attention shape.
     *
     * @param numThreads threads, the caller's included
     * @param numHeads query heads, H
     * @param cached the shape of keys and values as the cache holds them
     */
    public Compute(Kernels kernels, int numThreads, int numHeads, KvShape cached) {
        this.kernels = kernels;
        this.pool = new ComputePool(numThreads);
        this.attention = new Attention(kernels, pool, numHeads, cached);
    }

    public Kernels kernels() {
        return kernels;
    }

    public int numThreads() {
        return pool.numThreads();
    }

    /** {@link Kernels#linear} over all outputs; x is rounded first if the weights' compute type requires it. */
    public void linear(Tensor x, LinearWeights weights, Tensor y, int numTokens) {
        if (weights instanceof StackedLinearWeights stacked) {
            long from = 0;
            for (LinearWeights part : stacked.parts()) {
                linear(x, part, y.narrow(1, from, from + part.numOutputs()), numTokens);
                from += part.numOutputs();
            }
            return;
        }
        Tensor inputs = weights.precision().compute() == ComputeType.BF16 ? rounded(x, weights, numTokens) : x;
        linearTask.run(inputs, weights, y, numTokens);
    }

    private Tensor rounded(Tensor x, LinearWeights weights, int numTokens) {
        Tensor target = roundedInputs.rows(weights.inputType(), weights.numInputs(), numTokens);
        tokensTask.round(x, target, numTokens);
        return target;
    }

    /** An operation on tokens {@code [fromToken, toToken)} that is independent of other tokens. */
    @FunctionalInterface
    public interface TokenRange {
        void run(int fromToken, int toToken);
    }

    /**
     * Runs an operation over the tokens of a step.
     *
     * @param widthPerToken numbers that it processes per token
     */
    public void forTokens(int numTokens, int widthPerToken, TokenRange operation) {
        tokensTask.run(numTokens, widthPerToken, operation);
    }

    /**
     * Attention of tokens {@code [fromToken, toToken)} of a step in one layer, over the keys and values of the step's
     * rows. Each token attends to the positions that are both in the form's window and still stored.
     *
     * @param form how a dot product of query and key becomes a score
     * @param queries {@code [toToken - fromToken, H * D]}, after RoPE
     * @param out {@code [toToken - fromToken, H * valueDim]}
     */
    public void attention(StepRows rows, int layer, ScoreForm form, Tensor queries, Tensor out, int fromToken,
            int toToken) {
        attention.run(rows, layer, form, queries, out, fromToken, toToken);
    }

    /** Work on one tile, on any thread. */
    @FunctionalInterface
    public interface TileWork {
        /** Processes a tile whose queries are set; the tile is reused afterward. */
        void run(AttentionTile tile);
    }

    /**
     * Runs {@code work} on tiles that together hold all queries of {@link #attention} with the same arguments, each
     * of one row and with all positions that its queries attend to.
     */
    public void forTiles(StepRows rows, int layer, ScoreForm form, Tensor queries, Tensor out, int fromToken,
            int toToken, TileWork work) {
        attention.forTiles(rows, layer, form, queries, out, fromToken, toToken, work);
    }

    @Override
    public void close() {
        pool.close();
        roundedInputs.close();
        attention.close();
    }

    /** Items are ranges of outputs. */
    @SuppressWarnings("NullAway.Init") // arguments of the operation under way
    private final class LinearTask implements ComputePool.Task {
        private Tensor x;
        private LinearWeights weights;
        private Tensor y;
        private int numTokens;
        private int outputsPerItem;

        void run(Tensor newX, LinearWeights newWeights, Tensor newY, int tokens) {
            x = newX;
            weights = newWeights;
            y = newY;
            numTokens = tokens;
            int grain = weights.outputGrain();
            int items = pool.numThreads() * ITEMS_PER_THREAD;
            outputsPerItem = Math.ceilDiv(Math.ceilDiv(weights.numOutputs(), grain), items) * grain;
            long work = (long) tokens * weights.numInputs() * weights.numOutputs();
            pool.run(Math.ceilDiv(weights.numOutputs(), outputsPerItem), work, this);
        }

        @Override
        public void run(int item, int worker) {
            int from = item * outputsPerItem;
            int to = Math.min(from + outputsPerItem, weights.numOutputs());
            kernels.linear(x, weights, y, numTokens, from, to);
        }
    }

    /** Items are ranges of tokens. */
    @SuppressWarnings("NullAway.Init") // arguments of the operation under way
    private final class TokensTask implements ComputePool.Task {
        private int numTokens;
        private int tokensPerItem;
        private TokenRange operation;
        private Tensor unrounded;
        private Tensor rounded;
        private final TokenRange rounding = this::roundTokens;

        void round(Tensor x, Tensor target, int tokens) {
            unrounded = x;
            rounded = target;
            run(tokens, (int) target.shape(1), rounding);
        }

        private void roundTokens(int from, int to) {
            kernels.round(unrounded, rounded, (int) rounded.shape(1), from, to);
        }

        void run(int tokens, int widthPerToken, TokenRange newOperation) {
            if (tokens == 0) {
                return;
            }
            numTokens = tokens;
            operation = newOperation;
            tokensPerItem = Math.ceilDiv(tokens, pool.numThreads() * ITEMS_PER_THREAD);
            pool.run(Math.ceilDiv(tokens, tokensPerItem), 16L * tokens * widthPerToken, this);
        }

        @Override
        public void run(int item, int worker) {
            int from = item * tokensPerItem;
            operation.run(from, Math.min(from + tokensPerItem, numTokens));
        }
    }
}
