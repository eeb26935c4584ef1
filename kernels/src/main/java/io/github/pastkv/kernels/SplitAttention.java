package io.github.pastkv.kernels;

import io.github.pastkv.cache.DataType;
import io.github.pastkv.cache.Tensor;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Attention of a few long rows, one query each, cut into ranges of positions so that every thread has something to do:
 * the scores of all ranges, whoever has the last of a tile going on with its softmax, then the values of all ranges. A range is a whole number of
 * spans. Each span but a tile's first has sums of its own, which are added to the first's in order, so that the bits are
 * those of the tile in one piece, however it is cut.
 *
 * <p>Running it allocates nothing once buffers have grown. For one thread, which the pool's join.
 */
final class SplitAttention implements AutoCloseable {
    private static final int SPAN = AttentionTile.SPAN_POSITIONS;
    private static final int PARTS_PER_THREAD = 4;
    /** Kernels take so many spans at a time where they can. */
    private static final int SPANS_TOGETHER = 4;

    private final Kernels kernels;
    private final ComputePool pool;
    private final AttentionTile[] workerTiles;
    private final int headsPerKv;
    private final int headDim;
    private final ComputePool.Task scoresTask = (item, worker) -> runPart(item, worker, true);
    private final ComputePool.Task valuesTask = (item, worker) -> runPart(item, worker, false);

    private AttentionTile[] tiles = new AttentionTile[0];
    private int[] firstSpans = new int[0];
    private int[] partStarts = new int[1]; // first part of each tile, and the number of all
    private AtomicIntegerArray partsToScore = new AtomicIntegerArray(0); // of each tile
    private int numTiles;
    private int spansPerPart;
    private Tensor out;
    private Arena sumsArena = Arena.ofShared();
    private Tensor[] spanSums = new Tensor[0]; // [span after the first] [n, H * D]

    @SuppressWarnings("NullAway.Init") // out is an argument of the operation under way
    SplitAttention(Kernels kernels, ComputePool pool, AttentionTile[] workerTiles, int headsPerKv, int headDim) {
        this.kernels = kernels;
        this.pool = pool;
        this.workerTiles = workerTiles;
        this.headsPerKv = headsPerKv;
        this.headDim = headDim;
    }

    /** Tiles to be aimed and given back to {@link #run}, of which {@code count} will be used. */
    AttentionTile[] tiles(int count) {
        if (tiles.length < count) {
            int numBefore = tiles.length;
            tiles = Arrays.copyOf(tiles, count);
            for (int i = numBefore; i < count; i++) {
                tiles[i] = new AttentionTile(headsPerKv, headDim);
            }
            firstSpans = new int[count];
            partStarts = new int[count + 1];
            partsToScore = new AtomicIntegerArray(count);
        }
        return tiles;
    }

    /** Attends with the first {@code count} tiles, each of one query. */
    void run(int count, Tensor newOut) {
        numTiles = count;
        out = newOut;
        cut();
        int numParts = partStarts[count];
        pool.run(numParts, scoresTask);
        pool.run(numParts, valuesTask);
        for (int i = 0; i < count; i++) {
            if (tiles[i].kvHead() == 0) {
                join(i);
            }
        }
    }

    private void cut() {
        int totalSpans = 0;
        int maxSpans = 0;
        for (int i = 0; i < numTiles; i++) {
            firstSpans[i] = firstSeen(tiles[i]) / SPAN;
            totalSpans += numSpans(i);
            maxSpans = Math.max(maxSpans, numSpans(i));
        }
        growSums(maxSpans - 1);
        int spans = Math.ceilDiv(totalSpans, pool.numThreads() * PARTS_PER_THREAD);
        spansPerPart = spans < SPANS_TOGETHER ? spans : Math.ceilDiv(spans, SPANS_TOGETHER) * SPANS_TOGETHER;
        for (int i = 0; i < numTiles; i++) {
            partStarts[i + 1] = partStarts[i] + Math.ceilDiv(numSpans(i), spansPerPart);
            partsToScore.set(i, partStarts[i + 1] - partStarts[i]);
        }
    }

    private static int firstSeen(AttentionTile tile) {
        return tile.runTo(0, 0) > 0 ? 0 : tile.firstVisible(0);
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

    private void runPart(int item, int worker, boolean forScores) {
        int tile = 0;
        while (item >= partStarts[tile + 1]) {
            tile++;
        }
        int from = firstSpans[tile] + (item - partStarts[tile]) * spansPerPart;
        int to = Math.min(from + spansPerPart, firstSpans[tile] + numSpans(tile));
        AttentionTile part = workerTiles[worker];
        part.takePart(tiles[tile], from * SPAN, to * SPAN);
        if (forScores) {
            kernels.qkScores(part);
            if (partsToScore.decrementAndGet(tile) == 0) { // sees what the other threads wrote before they counted down
                kernels.softmax(tiles[tile]);
            }
        } else {
            part.sumSpansApart(spanSums, firstSpans[tile]);
            kernels.weightedValues(part);
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
