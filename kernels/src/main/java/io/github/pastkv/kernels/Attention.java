package io.github.pastkv.kernels;

import io.github.pastkv.cache.StepRows;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.tensor.Tensor;
import java.util.Arrays;

/**
 * Attention over the rows of a step, on the threads of a pool. Items are tiles: for each row, its query tiles, and for
 * each of those all kv heads. Rows of few queries that share a prefix are attended together
 * ({@link SharedPrefixAttention}). Where queries are too few for the threads and the past is long, tiles are split by
 * position ({@link SplitAttention}), those of several rows too.
 */
@SuppressWarnings("NullAway.Init") // work is an argument of the operation under way
final class Attention implements AutoCloseable {
    private static final int ITEMS_PER_THREAD = 4;
    /**
     * Mean number of attended positions below which attention is not split by position, as that takes two more tasks.
     */
    private static final int MIN_SPLIT_POSITIONS = 1024;
    private static final int MAX_TILE_ROWS = 32;
    /**
     * Tile rows of a group of rows: with more, scores no longer fit in a near cache, and reading the prefix is a small
     * part of the work already.
     */
    private static final int MAX_GROUP_TILE_ROWS = 96;
    /** Items of groups for each thread, so that all have work. */
    private static final int GROUP_ITEMS_PER_THREAD = 2;
    /** Queries of a group below which it is rather split by position, as reading the prefix is most of the work. */
    private static final int MIN_GROUP_QUERIES = 4;

    private final Kernels kernels;
    private final ComputePool pool;
    private final AttentionTile[] tiles; // of each thread
    private final PrefixGroups groups = new PrefixGroups();
    private final SplitAttention splitAttention;
    private final SharedPrefixAttention sharedAttention;
    private final AttentionArguments arguments = new AttentionArguments();
    private final ComputePool.Task tileTask = this::runTile;
    private final ComputePool.Task sharedTask = this::runShared;
    private final Compute.TileWork attend = this::attend;
    private final int numKvHeads;
    private final int queriesPerTile;
    private final int maxGroupQueries;
    /** Fewest groups that give all threads work. */
    private final int fewestGroups;
    private Compute.TileWork work;
    /** Rows of fewer queries are in {@link #groups}; 0 where there are none. */
    private int minRowQueries;

    Attention(Kernels kernels, ComputePool pool, int numHeads, KvShape cached) {
        this.kernels = kernels;
        this.pool = pool;
        this.numKvHeads = cached.numKvHeads();
        int gqaGroupSize = numHeads / numKvHeads;
        this.queriesPerTile = Math.max(1, MAX_TILE_ROWS / gqaGroupSize);
        this.tiles = newTiles(pool.numThreads(), gqaGroupSize, cached);
        this.maxGroupQueries = MAX_GROUP_TILE_ROWS / gqaGroupSize;
        this.fewestGroups = Math.ceilDiv(pool.numThreads() * GROUP_ITEMS_PER_THREAD, numKvHeads);
        this.splitAttention = new SplitAttention(kernels, pool, numKvHeads, groups, tiles,
                () -> newTiles(1, gqaGroupSize, cached)[0]);
        this.sharedAttention = new SharedPrefixAttention(kernels, numKvHeads, groups, tiles,
                newTiles(pool.numThreads(), gqaGroupSize, cached));
    }

    private static AttentionTile[] newTiles(int count, int gqaGroupSize, KvShape cached) {
        AttentionTile[] tiles = new AttentionTile[count];
        Arrays.setAll(tiles, _ -> new AttentionTile(gqaGroupSize, cached.headDim(), cached.valueDim()));
        return tiles;
    }

    /** Attention as {@link Compute#attention} describes it. */
    void run(StepRows rows, int layer, ScoreForm form, Tensor queries, Tensor out, int fromToken, int toToken) {
        arguments.set(rows, layer, form, queries, out, fromToken, toToken);
        work = attend;
        minRowQueries = 0;
        boolean shares = groups.find(arguments, queriesPerTile);
        if (isSplit()) {
            splitAttention.run(out);
        } else if (shares) {
            groups.cut(Math.min(maxGroupQueries, Math.ceilDiv(groups.numQueries(), fewestGroups)));
            minRowQueries = queriesPerTile + 1;
            pool.run(sharedAttention.numItems() + numTileItems(), numMultiplyAdds(), sharedTask);
        } else {
            pool.run(numTileItems(), numMultiplyAdds(), tileTask);
        }
        groups.clear();
    }

    /** Whether there are few queries with a long past; they are in groups then. */
    private boolean isSplit() {
        if (pool.numThreads() == 1 || groups.numQueries() != numQueries()
                || groups.numQueries() >= fewestGroups * MIN_GROUP_QUERIES
                || numSeen() < (long) groups.numQueries() * MIN_SPLIT_POSITIONS) {
            return false;
        }
        groups.cut(maxGroupQueries);
        return sharedAttention.numItems() < pool.numThreads() * ITEMS_PER_THREAD;
    }

    private int numQueries() {
        int numQueries = 0;
        for (int row = 0; row < arguments.numRows(); row++) {
            numQueries += arguments.numQueries(row);
        }
        return numQueries;
    }

    /** Runs work on each tile as {@link Compute#forTiles} describes it. */
    void forTiles(StepRows rows, int layer, ScoreForm form, Tensor queries, Tensor out, int fromToken, int toToken,
            Compute.TileWork newWork) {
        arguments.set(rows, layer, form, queries, out, fromToken, toToken);
        work = newWork;
        minRowQueries = 0;
        pool.run(numTileItems(), numMultiplyAdds(), tileTask);
    }

    private void attend(AttentionTile tile) {
        kernels.qkScores(tile);
        kernels.softmax(tile);
        kernels.weightedValues(tile);
    }

    /** Tiles of all rows that are not in a group, times kv heads. */
    private int numTileItems() {
        int numTiles = 0;
        for (int row = 0; row < arguments.numRows(); row++) {
            numTiles += numTiles(row);
        }
        return numTiles * numKvHeads;
    }

    private int numTiles(int row) {
        int numQueries = arguments.numQueries(row);
        return numQueries < minRowQueries ? 0 : Math.ceilDiv(numQueries, queriesPerTile);
    }

    private long numMultiplyAdds() {
        return numSeen() * arguments.queries().shape(1);
    }

    /** Upper bound of the pairs of query and position. */
    private long numSeen() {
        long numSeen = 0;
        for (int row = 0; row < arguments.numRows(); row++) {
            numSeen += (long) arguments.numQueries(row) * arguments.mostSeen(row);
        }
        return numSeen;
    }

    private void runShared(int item, int worker) {
        if (item < sharedAttention.numItems()) {
            sharedAttention.run(item, worker);
        } else {
            runTile(item - sharedAttention.numItems(), worker);
        }
    }

    private void runTile(int item, int worker) {
        setUp(tiles[worker], item);
        work.run(tiles[worker]);
    }

    private void setUp(AttentionTile tile, int item) {
        int tileInRow = item / numKvHeads;
        int row = 0;
        while (tileInRow >= numTiles(row)) {
            tileInRow -= numTiles(row++);
        }
        int fromQuery = tileInRow * queriesPerTile;
        arguments.bind(tile, row);
        tile.startQueries(item % numKvHeads);
        arguments.addQueries(tile, arguments.firstQuery(row) + fromQuery,
                Math.min(queriesPerTile, arguments.numQueries(row) - fromQuery));
        tile.layOutScores();
    }

    @Override
    public void close() {
        for (AttentionTile tile : tiles) {
            tile.close();
        }
        splitAttention.close();
        sharedAttention.close();
    }
}
