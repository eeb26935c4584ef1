package io.github.pastkv.kernels;

import io.github.pastkv.cache.StepRows;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.tensor.Tensor;
import java.util.Arrays;

/**
 * Runs {@link Kernels} on the threads of a {@link ComputePool}: splits each operation into items that any thread may
 * process. No bit of a result depends on the split. Operations too small to benefit from a second thread run on the
 * caller's.
 *
 * <p>One operation at a time; running one allocates nothing once score buffers have grown. Owns its threads and scratch
 * memory until {@link #close}.
 */
public final class Compute implements AutoCloseable {
    /**
     * Multiply-adds (for element-wise work, numbers times 16) below which a second thread costs more than it gives:
     * waiting for it takes microseconds, and on a busy machine, where it may just have lost its processor,
     * milliseconds.
     */
    private static final long MIN_SHARED_WORK = 1 << 18;

    private static final int ITEMS_PER_THREAD = 4;
    /**
     * Mean number of attended positions below which attention is not split by position, as that takes two more tasks.
     */
    private static final int MIN_SPLIT_POSITIONS = 1024;
    private static final int MAX_TILE_ROWS = 32;

    private final Kernels kernels;
    private final ComputePool pool;
    private final AttentionTile[] tiles;
    private final SplitAttention splitAttention;
    private final LinearTask linearTask = new LinearTask();
    private final RoundedInputs roundedInputs = new RoundedInputs();
    private final TokensTask tokensTask = new TokensTask();
    private final AttentionTask attentionTask = new AttentionTask();
    private final TileWork fusedAttention = this::attend;
    private final int numKvHeads;
    private final int queriesPerTile;

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
        this.numKvHeads = cached.numKvHeads();
        int gqaGroupSize = numHeads / numKvHeads;
        this.queriesPerTile = Math.max(1, MAX_TILE_ROWS / gqaGroupSize);
        this.tiles = new AttentionTile[numThreads];
        Arrays.setAll(tiles, worker -> newTile(gqaGroupSize, cached));
        this.splitAttention = new SplitAttention(kernels, pool, tiles, () -> newTile(gqaGroupSize, cached));
    }

    private static AttentionTile newTile(int gqaGroupSize, KvShape cached) {
        return new AttentionTile(gqaGroupSize, cached.headDim(), cached.valueDim());
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
        attentionTask.run(rows, layer, form, queries, out, fromToken, toToken, fusedAttention);
    }

    /** Work on one tile, on any thread. */
    @FunctionalInterface
    public interface TileWork {
        /** Processes a tile whose queries are set; the tile is reused afterward. */
        void run(AttentionTile tile);
    }

    /** Runs {@code work} on each tile that {@link #attention} with the same arguments would compute. */
    public void forTiles(StepRows rows, int layer, ScoreForm form, Tensor queries, Tensor out, int fromToken,
            int toToken, TileWork work) {
        attentionTask.run(rows, layer, form, queries, out, fromToken, toToken, work);
    }

    private void attend(AttentionTile tile) {
        kernels.qkScores(tile);
        kernels.softmax(tile);
        kernels.weightedValues(tile);
    }

    @Override
    public void close() {
        pool.close();
        roundedInputs.close();
        for (AttentionTile tile : tiles) {
            tile.close();
        }
        splitAttention.close();
    }

    private void runItems(int numItems, long work, ComputePool.Task task) {
        if (work < MIN_SHARED_WORK) {
            for (int item = 0; item < numItems; item++) {
                task.run(item, 0);
            }
        } else {
            pool.run(numItems, task);
        }
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
            runItems(Math.ceilDiv(weights.numOutputs(), outputsPerItem), work, this);
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
            runItems(Math.ceilDiv(tokens, tokensPerItem), 16L * tokens * widthPerToken, this);
        }

        @Override
        public void run(int item, int worker) {
            int from = item * tokensPerItem;
            operation.run(from, Math.min(from + tokensPerItem, numTokens));
        }
    }

    /**
     * Items are tiles: for each row, its query tiles, and for each of those all kv heads. If these are too few for the
     * threads and the past is long, they are split by position as well.
     */
    // NullAway: arguments of the operation under way; ReferenceEquality: which of our own two tasks it is.
    @SuppressWarnings({"NullAway.Init", "ReferenceEquality"})
    private final class AttentionTask implements ComputePool.Task {
        private StepRows rows;
        private int layer;
        private ScoreForm form;
        private Tensor queries;
        private Tensor out;

        private int fromToken;
        private int toToken;
        private TileWork work;

        void run(StepRows newRows, int newLayer, ScoreForm newForm, Tensor newQueries, Tensor newOut, int from,
                int to, TileWork newWork) {
            work = newWork;
            rows = newRows;
            layer = newLayer;
            form = newForm;
            queries = newQueries;
            out = newOut;
            fromToken = from;
            toToken = to;
            int numItems = 0;
            int numQueries = 0;
            long numSeen = 0;
            for (int row = 0; row < rows.numRows(); row++) {
                numItems += numTiles(row) * numKvHeads;
                numQueries += numQueries(row);
                numSeen += (long) numQueries(row) * mostSeen(row);
            }
            boolean eachHasOneQuery = numQueries * numKvHeads == numItems;
            if (work == fusedAttention && eachHasOneQuery && pool.numThreads() > 1
                    && numItems < pool.numThreads() * ITEMS_PER_THREAD
                    && numSeen * numKvHeads >= (long) numItems * MIN_SPLIT_POSITIONS) {
                runSplit(numItems);
            } else {
                runItems(numItems, numSeen * queries.shape(1), this);
            }
        }

        private void runSplit(int numItems) {
            AttentionTile[] wholes = splitAttention.tiles(numItems);
            for (int item = 0; item < numItems; item++) {
                setUp(wholes[item], item);
            }
            splitAttention.run(numItems, out);
        }

        /** Upper bound of the positions that the last query of a row attends to. */
        private int mostSeen(int row) {
            KvWindow window = form.window().narrower(rows.window(layer, row));
            int kvLength = rows.kvLength(row);
            return kvLength - window.firstVisible(Math.max(0, kvLength - 1)) + window.numSinks();
        }

        /** First token of a row within the range, in the numbering of the step. */
        private int firstQuery(int row) {
            return Math.max(fromToken, rows.rowStart(row));
        }

        private int numQueries(int row) {
            return Math.max(0, Math.min(toToken, rows.rowStart(row + 1)) - firstQuery(row));
        }

        private int numTiles(int row) {
            return Math.ceilDiv(numQueries(row), queriesPerTile);
        }

        @Override
        public void run(int item, int worker) {
            AttentionTile tile = tiles[worker];
            setUp(tile, item);
            work.run(tile);
        }

        private void setUp(AttentionTile tile, int item) {
            int tileInRow = item / numKvHeads;
            int row = 0;
            while (tileInRow >= numTiles(row)) {
                tileInRow -= numTiles(row++);
            }
            int fromQuery = tileInRow * queriesPerTile;
            int firstToken = firstQuery(row) + fromQuery;
            int queriesInTile = Math.min(queriesPerTile, numQueries(row) - fromQuery);
            tile.bind(rows.blocks(layer, row), rows.layerInGroup(layer, row), form, queries, out);
            tile.limitTo(rows.window(layer, row));
            tile.setQueries(item % numKvHeads, firstToken - fromToken, queriesInTile, rows.position(firstToken));
        }
    }
}
