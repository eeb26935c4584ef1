package io.github.pastkv.kernels;

import io.github.pastkv.cache.KvBlocks;
import io.github.pastkv.cache.KvLayout;
import io.github.pastkv.cache.KvWindow;
import io.github.pastkv.cache.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A few neighbouring queries of one row that share a kv head, with the buffer for their scores: the unit of work of
 * attention. Tile row r stands for query {@code r / headsPerKv} of the tile and query head
 * {@code kvHead * headsPerKv + r % headsPerKv}.
 *
 * <p>A query sees two runs of positions, either of which may be empty: run 0, the sinks of a window, and run 1, the window
 * up to its own position, or all up to it where there is none. Run 0 ends where run 1 begins or before. Neither end of a
 * run ever falls from one tile row to the next. What a row does not see is not read, however near it lies: no number may
 * come into a sum by way of a weight of zero, as 0 times infinity is NaN.
 *
 * <p>Reused from tile to tile (one for each thread), so that a step allocates nothing; not thread-safe. Owns its score
 * buffer, which grows to the longest row seen and is freed by {@link #close}.
 */
public final class AttentionTile implements AutoCloseable {
    /**
     * Positions whose weighted values are summed in one chain. Spans begin at multiples of this, whatever the number of
     * threads, blocks or queries.
     */
    public static final int SPAN_POSITIONS = 256;

    /** Runs of positions that a row sees. */
    public static final int NUM_RUNS = 2;

    private static final int MIN_CAPACITY_FLOATS = 4096;
    private static final Tensor[] NO_SPAN_OUTS = {};
    /** Spans whose sums fit in scratch memory together. */
    private static final int SPANS_IN_SCRATCH = 4;

    private final int headsPerKv;
    private final int headDim;
    private Arena scoresArena = Arena.ofShared();
    private MemorySegment ownScores;
    private MemorySegment scores; // its own, or those of the tile that it is a part of
    private Arena scratchArena = Arena.ofShared();
    private MemorySegment scratch;

    private KvBlocks blocks;
    private int layer;
    private int kvHead;
    private Tensor queries;
    private Tensor out;
    private int firstQuery;
    private int numQueries;
    private int firstPosition;
    private int scoreStride;
    private int scoreBase; // first position that the score buffer has room for
    private ScoreForm form;
    private KvWindow window = KvWindow.NONE;
    private int partFrom;
    private int partTo = Integer.MAX_VALUE;
    private Tensor[] spanOuts = NO_SPAN_OUTS;
    private int firstSpan;
    private boolean keepsSpansApart;

    /**
     * A tile that must {@link #enter} a row and be {@link #aim aimed} before use.
     *
     * @param headsPerKv query heads that share a kv head, G
     * @param headDim numbers per head, D
     */
    @SuppressWarnings("NullAway.Init") // blocks, form, queries and out are set by enter, before which the tile has no rows
    public AttentionTile(int headsPerKv, int headDim) {
        this.headsPerKv = headsPerKv;
        this.headDim = headDim;
        this.ownScores = scoresArena.allocate((long) MIN_CAPACITY_FLOATS * Float.BYTES, 64);
        this.scores = ownScores;
        this.scratch = scratchArena.allocate((long) MIN_CAPACITY_FLOATS * Float.BYTES, 64);
    }

    /**
     * Points the tile at a layer and row of a step.
     *
     * @param rowBlocks the row's keys and values, those of this step included
     * @param layerInGroup the layer as the layout counts it
     * @param scoreForm what becomes of the dot product of a query and a key
     * @param stepQueries {@code [T, H * D]}
     * @param stepOut {@code [T, H * D]}
     */
    public void enter(KvBlocks rowBlocks, int layerInGroup, ScoreForm scoreForm, Tensor stepQueries, Tensor stepOut) {
        this.blocks = rowBlocks;
        this.layer = layerInGroup;
        this.form = scoreForm;
        this.window = scoreForm.window();
        this.queries = stepQueries;
        this.out = stepOut;
        this.numQueries = 0;
        this.partFrom = 0;
        this.partTo = Integer.MAX_VALUE;
        this.spanOuts = NO_SPAN_OUTS;
        this.keepsSpansApart = false;
    }

    /** Of the row entered, sees no more than {@code held}: what the cache has room for. */
    public void limitTo(KvWindow held) {
        this.window = window.narrower(held);
    }

    /**
     * Points the tile at tokens {@code [firstQuery, firstQuery + numQueries)} of the step, of the row entered.
     *
     * @param firstPosition position of the first query
     */
    public void aim(int kvHead, int firstQuery, int numQueries, int firstPosition) {
        this.kvHead = kvHead;
        this.firstQuery = firstQuery;
        this.numQueries = numQueries;
        this.firstPosition = firstPosition;
        int kvLength = firstPosition + numQueries;
        int group = KvLayout.GROUP_POSITIONS;
        this.scoreBase = firstRun() == 0 ? 0 : runFrom(1, 0) / group * group;
        this.scoreStride = Math.ceilDiv(kvLength, group) * group - scoreBase;
        growScores((long) numRows() * scoreStride * Float.BYTES);
        growScratch((long) (KvLayout.GROUP_POSITIONS + SPANS_IN_SCRATCH * numRows() + 3) * headDim * Float.BYTES);
    }

    /** From now on, until it enters another row, reads keys and values from other blocks of the same positions. */
    public void readFrom(KvBlocks otherBlocks, int layerInBlocks) {
        blocks = otherBlocks;
        layer = layerInBlocks;
    }

    /**
     * Makes this tile a part of {@code whole}, which has been aimed: as if its rows saw positions {@code [from, to)} only.
     * It reads and writes the scores of {@code whole}, which other threads may do with other parts of it.
     *
     * @param from a multiple of {@link #SPAN_POSITIONS}, as {@code to} is
     */
    void takePart(AttentionTile whole, int from, int to) {
        enter(whole.blocks, whole.layer, whole.form, whole.queries, whole.out);
        window = whole.window;
        kvHead = whole.kvHead;
        firstQuery = whole.firstQuery;
        numQueries = whole.numQueries;
        firstPosition = whole.firstPosition;
        scoreStride = whole.scoreStride;
        scoreBase = whole.scoreBase;
        scores = whole.scores;
        partFrom = from;
        partTo = to;
        growScratch(whole.scratch.byteSize());
    }

    /**
     * Until it enters a row again, keeps the sums of values of each span apart.
     *
     * @param outs where those of the spans behind the whole's first go, each in the shape of the output
     * @param firstSpanOfWhole the number of the span whose sums go to the output itself
     */
    void sumSpansApart(Tensor[] outs, int firstSpanOfWhole) {
        spanOuts = outs;
        firstSpan = firstSpanOfWhole;
        keepsSpansApart = true;
    }

    private void growScores(long bytes) {
        if (ownScores.byteSize() < bytes) {
            Arena larger = Arena.ofShared();
            ownScores = larger.allocate(Math.max(bytes, 2 * ownScores.byteSize()), 64);
            scoresArena.close();
            scoresArena = larger;
        }
        scores = ownScores;
    }

    private void growScratch(long bytes) {
        if (scratch.byteSize() < bytes) {
            Arena larger = Arena.ofShared();
            scratch = larger.allocate(bytes, 64);
            scratchArena.close();
            scratchArena = larger;
        }
    }

    /** Queries times the heads that share the kv head. */
    public int numRows() {
        return numQueries * headsPerKv;
    }

    public int headDim() {
        return headDim;
    }

    /** What becomes of the dot product of a query and a key. */
    public ScoreForm form() {
        return form;
    }

    public KvBlocks blocks() {
        return blocks;
    }

    public int layer() {
        return layer;
    }

    public int kvHead() {
        return kvHead;
    }

    public int headsPerKv() {
        return headsPerKv;
    }

    /** The first query in the numbering of {@link #queries}. */
    public int firstQuery() {
        return firstQuery;
    }

    public int numQueries() {
        return numQueries;
    }

    /** Position of a tile row's query. */
    public int position(int row) {
        return firstPosition + row / headsPerKv;
    }

    /** Query head of a tile row. */
    public int head(int row) {
        return kvHead * headsPerKv + row % headsPerKv;
    }

    /** The first run that is not empty in all rows: 0 where there are sinks, else 1. */
    public int firstRun() {
        return window.numSinks() > 0 ? 0 : 1;
    }

    /** First position of a run that a tile row sees. */
    public int runFrom(int run, int row) {
        return inPart(run == 0 ? 0 : window.firstVisible(position(row)));
    }

    /** End of the positions of a run that a tile row sees. */
    public int runTo(int run, int row) {
        int to = run == 0 ? Math.min(window.numSinks(), window.firstVisible(position(row))) : position(row) + 1;
        return inPart(to);
    }

    private int inPart(int position) {
        return Math.clamp(position, partFrom, partTo);
    }

    /** End of the positions that a tile row sees; it sees them all where {@link #firstVisible} is 0. */
    public int numVisible(int row) {
        return runTo(1, row);
    }

    /** First position of a tile row's window; those from here to {@link #numVisible} are seen. */
    public int firstVisible(int row) {
        return runFrom(1, row);
    }

    /** Whether a tile row sees a position. */
    public boolean sees(int row, int position) {
        return window.sees(position(row), position) && position >= partFrom && position < partTo;
    }

    /** Whether a tile row sees any of the positions {@code [from, to)}. */
    public boolean seesAny(int row, int from, int to) {
        return (from < runTo(0, row) && to > runFrom(0, row)) || (from < runTo(1, row) && to > runFrom(1, row));
    }

    /** F32 queries; a row's {@code headDim} numbers begin at {@link #queryByteOffset}. */
    public MemorySegment queries() {
        return queries.segment();
    }

    public long queryByteOffset(int row) {
        return headByteOffset(queries, row);
    }

    /**
     * F32, where the weighted values of a span of positions are summed up; a row's {@code headDim} numbers begin at {@link
     * #outByteOffset}. One place for all spans, or, for parts of a tile, a place for each.
     *
     * @param spanFrom first position of the span, a multiple of {@link #SPAN_POSITIONS}
     */
    public MemorySegment outOf(int spanFrom) {
        int others = spanFrom / SPAN_POSITIONS - firstSpan;
        return (keepsSpansApart && others > 0 ? spanOuts[others - 1] : out).segment();
    }

    /** Whether a row's sums of a span are the first at {@link #outOf}: these are added to zero, others to what is there. */
    public boolean startsOut(int row, int spanFrom) {
        int firstSeen = runFrom(0, row) < runTo(0, row) ? runFrom(0, row) : firstVisible(row);
        return keepsSpansApart || spanFrom == firstSeen / SPAN_POSITIONS * SPAN_POSITIONS;
    }

    public long outByteOffset(int row) {
        return headByteOffset(out, row);
    }

    private long headByteOffset(Tensor tensor, int row) {
        return ((firstQuery + row / headsPerKv) * tensor.stride(0) + (long) head(row) * headDim) * Float.BYTES;
    }

    /**
     * F32 scores, then pattern: the score of position p is at {@code scoreByteOffset(row) + 4 p}. Where a row does not see
     * a position the content is undefined; memory from the group of 16 positions that its window begins in (from 0 where
     * there are sinks) to the one that it ends in may be written.
     */
    public MemorySegment scores() {
        return scores;
    }

    /** Where the score of position 0 would be. */
    public long scoreByteOffset(int row) {
        return ((long) row * scoreStride - scoreBase) * Float.BYTES;
    }

    /** Memory for the kernel's own use, within one call: (16 + 4 x numRows + 3) x headDim floats. */
    public MemorySegment scratch() {
        return scratch;
    }

    @Override
    public void close() {
        scoresArena.close();
        scratchArena.close();
    }
}
