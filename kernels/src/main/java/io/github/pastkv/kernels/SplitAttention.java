package io.github.pastkv.kernels;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Supplier;

/**
 * Split-KV attention (Flash-Decoding, Dao et al., 2023) of few queries with a long past: positions are split so that
 * every thread has work. First all splits compute their scores; the thread that finishes a tile's last split runs its
 * softmax; then all splits sum their values. Rows that share a prefix are in one tile, so that each split of it is read
 * once for all of them.
 *
 * <p>Unlike in Flash-Decoding there is one softmax over the whole row and no rescaling of partial results, so the bits
 * are those of an unsplit tile: a split is a whole number of spans, each span after a query's first has a sum of its
 * own, and these are added to the first in order.
 *
 * <p>Running it allocates nothing once buffers have grown. Used by one thread at a time, which participates in the
 * work.
 */
final class SplitAttention implements AutoCloseable {
    private static final int SPAN = AttentionTile.SPAN_POSITIONS;
    private static final int SPLITS_PER_THREAD = 4;

    private final Kernels kernels;
    private final ComputePool pool;
    private final int numKvHeads;
    private final PrefixGroups groups;
    private final AttentionTile[] workerTiles;
    private final Supplier<AttentionTile> newTile;
    private final ComputePool.Task scoresTask = (item, worker) -> runSplit(item, worker, true);
    private final ComputePool.Task valuesTask = (item, worker) -> runSplit(item, worker, false);

    private AttentionTile[] tiles = new AttentionTile[0]; // [group * numKvHeads + kvHead]
    private AtomicIntegerArray splitsToScore = new AtomicIntegerArray(0); // of each tile
    private final Splits splits = new Splits();
    private Tensor out;
    private Arena sumsArena = Arena.ofShared();
    private Tensor[] spanSums = new Tensor[0]; // [span after a query's first] [n, H * valueDim]

    /** Positions {@code [from, to)} of a piece of a tile, for each split. Grows. */
    private static final class Splits {
        private int count;
        private int[] tile = new int[16];
        private int[] piece = new int[16];
        private int[] from = new int[16];
        private int[] to = new int[16];

        void add(int newTile, int newPiece, int newFrom, int newTo) {
            if (count == tile.length) {
                tile = Arrays.copyOf(tile, 2 * count);
                piece = Arrays.copyOf(piece, 2 * count);
                from = Arrays.copyOf(from, 2 * count);
                to = Arrays.copyOf(to, 2 * count);
            }
            tile[count] = newTile;
            piece[count] = newPiece;
            from[count] = newFrom;
            to[count++] = newTo;
        }
    }

    /**
     * Attention over groups that are planned before each use.
     *
     * @param workerTiles a tile for each thread, in use only while it runs
     */
    @SuppressWarnings("NullAway.Init") // out is an argument of the operation under way
    SplitAttention(Kernels kernels, ComputePool pool, int numKvHeads, PrefixGroups groups, AttentionTile[] workerTiles,
            Supplier<AttentionTile> newTile) {
        this.kernels = kernels;
        this.pool = pool;
        this.numKvHeads = numKvHeads;
        this.groups = groups;
        this.workerTiles = workerTiles;
        this.newTile = newTile;
    }

    /** Attends for all groups. */
    void run(Tensor newOut) {
        out = newOut;
        bindTiles();
        planSplits();
        pool.run(splits.count, scoresTask);
        pool.run(splits.count, valuesTask);
        for (int group = 0; group < groups.numGroups(); group++) {
            join(tiles[group * numKvHeads]);
        }
    }

    private void bindTiles() {
        int numTiles = groups.numGroups() * numKvHeads;
        if (tiles.length < numTiles) {
            int numBefore = tiles.length;
            tiles = Arrays.copyOf(tiles, numTiles);
            for (int i = numBefore; i < numTiles; i++) {
                tiles[i] = newTile.get();
            }
            splitsToScore = new AtomicIntegerArray(numTiles);
        }
        for (int i = 0; i < numTiles; i++) {
            groups.bind(tiles[i], i / numKvHeads, i % numKvHeads);
        }
    }

    private void planSplits() {
        int totalSpans = 0;
        int maxSpans = 0;
        for (int group = 0; group < groups.numGroups(); group++) {
            maxSpans = Math.max(maxSpans, mostSpans(tiles[group * numKvHeads]));
            for (int piece = groups.firstPiece(group); piece < groups.firstPiece(group + 1); piece++) {
                AttentionTile part = bindPiece(group, piece);
                totalSpans += Math.ceilDiv(part.seenTo(), SPAN) - part.seenFrom() / SPAN;
            }
        }
        growSums(maxSpans - 1);
        int spansPerSplit = Math.ceilDiv(totalSpans * numKvHeads, pool.numThreads() * SPLITS_PER_THREAD);
        splits.count = 0;
        for (int group = 0; group < groups.numGroups(); group++) {
            for (int kvHead = 0; kvHead < numKvHeads; kvHead++) {
                addSplits(group, group * numKvHeads + kvHead, spansPerSplit);
            }
        }
    }

    private static int mostSpans(AttentionTile tile) {
        int most = 0;
        for (int row = 0; row < tile.numRows(); row += tile.gqaGroupSize()) {
            most = Math.max(most, Math.ceilDiv(tile.numVisible(row), SPAN) - tile.firstSpan(row));
        }
        return most;
    }

    private AttentionTile bindPiece(int group, int piece) {
        groups.bindPiece(workerTiles[0], tiles[group * numKvHeads], group, piece);
        return workerTiles[0];
    }

    private void addSplits(int group, int tile, int spansPerSplit) {
        int numBefore = splits.count;
        for (int piece = groups.firstPiece(group); piece < groups.firstPiece(group + 1); piece++) {
            AttentionTile part = bindPiece(group, piece);
            int end = Math.ceilDiv(part.seenTo(), SPAN) * SPAN;
            for (int from = part.seenFrom() / SPAN * SPAN; from < end; from += spansPerSplit * SPAN) {
                splits.add(tile, piece, from, Math.min(from + spansPerSplit * SPAN, end));
            }
        }
        splitsToScore.set(tile, splits.count - numBefore);
    }

    private void growSums(int numSums) {
        if (spanSums.length >= numSums && (numSums == 0 || spanSums[0].shape(0) >= out.shape(0))) {
            return;
        }
        sumsArena.close();
        sumsArena = Arena.ofShared();
        spanSums = new Tensor[Math.max(numSums, 2 * spanSums.length)];
        for (int i = 0; i < spanSums.length; i++) {
            spanSums[i] = Tensor.allocate(sumsArena, DataType.F32, out.shape(0), out.shape(1));
        }
    }

    private void runSplit(int item, int worker, boolean forScores) {
        int tile = splits.tile[item];
        AttentionTile split = workerTiles[worker];
        groups.bindPiece(split, tiles[tile], tile / numKvHeads, splits.piece[item], splits.from[item], splits.to[item]);
        if (forScores) {
            kernels.qkScores(split);
            if (splitsToScore.decrementAndGet(tile) == 0) { // happens after the other splits were scored
                kernels.softmax(tiles[tile]);
            }
        } else {
            split.storeSpansSeparately(spanSums);
            kernels.weightedValues(split);
        }
    }

    /** Adds the sums of each query's later spans to those of its first, for all heads at once. */
    private void join(AttentionTile tile) {
        int width = Math.toIntExact(out.shape(1));
        for (int query = 0; query < tile.numQueries(); query++) {
            int row = query * tile.gqaGroupSize();
            int token = tile.token(query);
            int firstSpan = tile.firstSpan(row);
            for (int span = firstSpan + 1; span * SPAN < tile.numVisible(row); span++) {
                if (tile.seesAny(row, span * SPAN, (span + 1) * SPAN)) {
                    kernels.add(out, spanSums[span - firstSpan - 1], width, token, token + 1);
                }
            }
        }
    }

    @Override
    public void close() {
        for (AttentionTile tile : tiles) {
            tile.close();
        }
        sumsArena.close();
    }
}
