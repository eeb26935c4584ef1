package io.github.pastkv.kernels;

import io.github.pastkv.kernels.AttentionTile.Range;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Supplier;

/**
 * Split-KV attention (Flash-Decoding, Dao et al., 2023) of a few long rows with one query each: positions are split so
 * that every thread has work. First all splits compute their scores; the thread that finishes a tile's last split runs
 * its softmax; then all splits sum their values.
 *
 * <p>Unlike in Flash-Decoding there is one softmax over the whole row and no rescaling of partial results, so the bits
 * are those of an unsplit tile: a split is a whole number of spans, each span after a tile's first has a sum of its
 * own, and these are added to the first in order.
 *
 * <p>Running it allocates nothing once buffers have grown. Used by one thread at a time, which participates in the
 * work.
 */
final class SplitAttention implements AutoCloseable {
    private static final int SPAN = AttentionTile.SPAN_POSITIONS;
    private static final int SPLITS_PER_THREAD = 4;
    /** Vector kernels sum the values of this many spans together. */
    private static final int SPANS_TOGETHER = 4;

    private final Kernels kernels;
    private final ComputePool pool;
    private final AttentionTile[] workerTiles;
    private final Supplier<AttentionTile> newTile;
    private final ComputePool.Task scoresTask = (item, worker) -> runSplit(item, worker, true);
    private final ComputePool.Task valuesTask = (item, worker) -> runSplit(item, worker, false);

    private AttentionTile[] tiles = new AttentionTile[0];
    private int[] firstSpans = new int[0];
    private int[] splitStarts = new int[1]; // first split of each tile, and the number of all
    private AtomicIntegerArray splitsToScore = new AtomicIntegerArray(0); // of each tile
    private int numTiles;
    private int spansPerSplit;
    private Tensor out;
    private Arena sumsArena = Arena.ofShared();
    private Tensor[] spanSums = new Tensor[0]; // [span after the first] [n, H * valueDim]

    @SuppressWarnings("NullAway.Init") // out is an argument of the operation under way
    SplitAttention(Kernels kernels, ComputePool pool, AttentionTile[] workerTiles,
            Supplier<AttentionTile> newTile) {
        this.kernels = kernels;
        this.pool = pool;
        this.workerTiles = workerTiles;
        this.newTile = newTile;
    }

    /** At least {@code count} tiles, to be bound and given their queries before {@link #run}. */
    AttentionTile[] tiles(int count) {
        if (tiles.length < count) {
            int numBefore = tiles.length;
            tiles = Arrays.copyOf(tiles, count);
            for (int i = numBefore; i < count; i++) {
                tiles[i] = newTile.get();
            }
            firstSpans = new int[count];
            splitStarts = new int[count + 1];
            splitsToScore = new AtomicIntegerArray(count);
        }
        return tiles;
    }

    /** Attends with the first {@code count} tiles, each of one query. */
    void run(int count, Tensor newOut) {
        numTiles = count;
        out = newOut;
        planSplits();
        int numSplits = splitStarts[count];
        pool.run(numSplits, scoresTask);
        pool.run(numSplits, valuesTask);
        for (int i = 0; i < count; i++) {
            if (tiles[i].kvHead() == 0) {
                join(i);
            }
        }
    }

    private void planSplits() {
        int totalSpans = 0;
        int maxSpans = 0;
        for (int i = 0; i < numTiles; i++) {
            firstSpans[i] = firstSeen(tiles[i]) / SPAN;
            totalSpans += numSpans(i);
            maxSpans = Math.max(maxSpans, numSpans(i));
        }
        growSums(maxSpans - 1);
        int spans = Math.ceilDiv(totalSpans, pool.numThreads() * SPLITS_PER_THREAD);
        spansPerSplit = spans < SPANS_TOGETHER ? spans : Math.ceilDiv(spans, SPANS_TOGETHER) * SPANS_TOGETHER;
        for (int i = 0; i < numTiles; i++) {
            splitStarts[i + 1] = splitStarts[i] + Math.ceilDiv(numSpans(i), spansPerSplit);
            splitsToScore.set(i, splitStarts[i + 1] - splitStarts[i]);
        }
    }

    private static int firstSeen(AttentionTile tile) {
        return tile.to(Range.SINKS, 0) > 0 ? 0 : tile.firstVisible(0);
    }

    private int numSpans(int tile) {
        return Math.ceilDiv(tiles[tile].numVisible(0), SPAN) - firstSpans[tile];
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
        int tile = 0;
        while (item >= splitStarts[tile + 1]) {
            tile++;
        }
        int from = firstSpans[tile] + (item - splitStarts[tile]) * spansPerSplit;
        int to = Math.min(from + spansPerSplit, firstSpans[tile] + numSpans(tile));
        AttentionTile split = workerTiles[worker];
        split.asSplitOf(tiles[tile], from * SPAN, to * SPAN);
        if (forScores) {
            kernels.qkScores(split);
            if (splitsToScore.decrementAndGet(tile) == 0) { // happens after the other splits were scored
                kernels.softmax(tiles[tile]);
            }
        } else {
            split.storeSpansSeparately(spanSums, firstSpans[tile]);
            kernels.weightedValues(split);
        }
    }

    /** Adds the sums of a query's later spans to those of its first, for all heads at once. */
    private void join(int tile) {
        int token = tiles[tile].firstQuery();
        int width = Math.toIntExact(out.shape(1));
        for (int span = 1; span < numSpans(tile); span++) {
            int from = (firstSpans[tile] + span) * SPAN;
            if (tiles[tile].seesAny(0, from, from + SPAN)) {
                kernels.add(out, spanSums[span - 1], width, token, token + 1);
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
