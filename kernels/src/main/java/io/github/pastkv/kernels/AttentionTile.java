package io.github.pastkv.kernels;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Queries that share a kv head (grouped-query attention), with the buffer for their scores: the unit of work of
 * attention. They are neighboring queries of one row, or those of several rows that share a prefix
 * ({@link SharedPrefixAttention}).
 *
 * <p>A tile row is one query of one head: tile row r is query {@code r / gqaGroupSize} of the tile and query head
 * {@code kvHead * gqaGroupSize + r % gqaGroupSize}. Each tile row attends to two ranges of positions, either of which
 * may be empty ({@link Range}):
 *
 * <pre>
 *   position   0      numSinks            firstVisible            position of the query
 *              |--SINKS--|   (not attended)    |---------WINDOW---------|
 *   span       |  0: positions [0, 256)  |  1: [256, 512)  |  2 ...                     sums of values are per span
 *   lane tile  |0..15|16..31| ...                                                       lanes are p % 16
 *   scores     row r, position p: 4 * (r * scoreStride + p - scoreBase)                 scoreBase % 16 = 0
 *   split      |  from ....... to  |                      a tile that sees only these positions, both % 256 = 0
 * </pre>
 *
 * <p>SINKS ends at or before WINDOW. Neither end of a range ever moves back from one tile row to the next. Positions
 * that a row does not attend to are never read: a weight of zero would not hide them, as 0 times infinity is NaN.
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

    /** The two ranges of positions that a tile row attends to. */
    public enum Range {
        /** The first positions of a sliding window with attention sinks (StreamingLLM); empty without sinks. */
        SINKS,
        /** The sliding window up to the query's own position, or all positions up to it where there is no window. */
        WINDOW
    }

    private static final int MIN_CAPACITY_BYTES = 16_384;
    private static final Tensor[] NO_SPAN_OUTS = {};

    private final int gqaGroupSize;
    private final int headDim;
    private final int valueDim;
    private final GrowingMemory ownScores = new GrowingMemory(MIN_CAPACITY_BYTES);
    private final GrowingMemory scratch = new GrowingMemory(MIN_CAPACITY_BYTES);
    private MemorySegment scores = ownScores.segment(); // its own, or those of the tile that it is a part of

    private KvBlocks blocks;
    private int layer;
    private int kvHead;
    private Tensor queries;
    private Tensor out;
    private int numQueries;
    private int[] tokens = new int[8]; // of each query, in the numbering of queries and out
    private int[] positions = new int[8]; // of each query
    private int scoreStride;
    private int scoreBase; // first position that the score buffer has room for
    private int firstScoreRow; // tile row of the whole that is the first of this part
    private ScoreForm form;
    private KvWindow window = KvWindow.NONE;
    private int splitFrom;
    private int splitTo = Integer.MAX_VALUE;
    private Tensor[] spanOuts = NO_SPAN_OUTS;
    private boolean hasSpanOuts;

    /** A tile whose keys and values are of equal size. */
    public AttentionTile(int gqaGroupSize, int headDim) {
        this(gqaGroupSize, headDim, headDim);
    }

    /**
     * A tile without rows: {@link #bind} and {@link #setQueries} come first.
     *
     * @param gqaGroupSize query heads that share a kv head, G = H / K
     * @param headDim numbers per query and key, D
     * @param valueDim numbers per value and output of a head, at most D
     */
    // blocks, form, queries and out are set by bind, before which the tile has no rows
    @SuppressWarnings("NullAway.Init")
    public AttentionTile(int gqaGroupSize, int headDim, int valueDim) {
        this.valueDim = valueDim;
        this.gqaGroupSize = gqaGroupSize;
        this.headDim = headDim;
    }

    /**
     * Binds the tile to a layer and a row of a step, without queries yet.
     *
     * @param rowBlocks the row's keys and values, those of this step included
     * @param layerInGroup the layer as the layout counts it
     * @param scoreForm how a dot product of query and key becomes a score
     * @param stepQueries {@code [T, H * D]}
     * @param stepOut {@code [T, H * valueDim]}
     */
    public void bind(KvBlocks rowBlocks, int layerInGroup, ScoreForm scoreForm, Tensor stepQueries, Tensor stepOut) {
        this.blocks = rowBlocks;
        this.layer = layerInGroup;
        this.form = scoreForm;
        this.window = scoreForm.window();
        this.queries = stepQueries;
        this.out = stepOut;
        this.numQueries = 0;
        this.splitFrom = 0;
        this.splitTo = Integer.MAX_VALUE;
        this.spanOuts = NO_SPAN_OUTS;
        this.hasSpanOuts = false;
    }

    /** Narrows the window of the bound row to {@code held}, the positions that the cache still holds. */
    public void limitTo(KvWindow held) {
        this.window = window.narrower(held);
    }

    /**
     * Sets the tile's queries: tokens {@code [firstQuery, firstQuery + numQueries)} of the step, all of the bound row.
     *
     * @param firstPosition position of the first query
     */
    public void setQueries(int kvHead, int firstQuery, int numQueries, int firstPosition) {
        startQueries(kvHead);
        addQueries(firstQuery, numQueries, firstPosition);
        layOutScores();
    }

    /** Removes all queries; {@link #addQueries} and {@link #layOutScores} follow. */
    void startQueries(int newKvHead) {
        kvHead = newKvHead;
        numQueries = 0;
    }

    /** Adds neighboring queries of one row. */
    void addQueries(int firstQuery, int count, int firstPosition) {
        growQueries(numQueries + count);
        for (int i = 0; i < count; i++) {
            tokens[numQueries] = firstQuery + i;
            positions[numQueries++] = firstPosition + i;
        }
    }

    private void growQueries(int capacity) {
        if (tokens.length < capacity) {
            tokens = Arrays.copyOf(tokens, 2 * capacity);
            positions = Arrays.copyOf(positions, 2 * capacity);
        }
    }

    /** Prepares memory for the scores of all queries. */
    void layOutScores() {
        int from = Integer.MAX_VALUE;
        int to = 0;
        for (int query = 0; query < numQueries; query++) {
            from = Math.min(from, window.firstVisible(positions[query]));
            to = Math.max(to, positions[query] + 1);
        }
        int lanes = KvLayout.LANE_TILE;
        scoreBase = window.numSinks() > 0 ? 0 : from / lanes * lanes;
        scoreStride = Math.ceilDiv(to, lanes) * lanes - scoreBase;
        firstScoreRow = 0;
        scores = ownScores.grow((long) numRows() * scoreStride * Float.BYTES);
        growScratch();
    }

    /** Reads keys and values from other blocks of the same positions, until the next {@link #bind}. */
    public void readFrom(KvBlocks otherBlocks, int layerInBlocks) {
        blocks = otherBlocks;
        layer = layerInBlocks;
    }

    /**
     * Makes this tile a split of some queries of {@code whole}: they attend only to positions {@code [from, to)} of
     * what those of {@code whole} attend to. It reads and writes the scores of {@code whole}, whose other splits may be
     * on other threads.
     *
     * @param fromQuery first of them, in {@code [0, whole.numQueries()]}, as {@code toQuery} is
     * @param from a multiple of {@link #SPAN_POSITIONS}, as {@code to} is, or beyond the end
     */
    void asPartOf(AttentionTile whole, int fromQuery, int toQuery, int from, int to) {
        bind(whole.blocks, whole.layer, whole.form, whole.queries, whole.out);
        window = whole.window;
        kvHead = whole.kvHead;
        numQueries = toQuery - fromQuery;
        growQueries(numQueries);
        System.arraycopy(whole.tokens, fromQuery, tokens, 0, numQueries);
        System.arraycopy(whole.positions, fromQuery, positions, 0, numQueries);
        scoreStride = whole.scoreStride;
        scoreBase = whole.scoreBase;
        firstScoreRow = whole.firstScoreRow + fromQuery * gqaGroupSize;
        scores = whole.scores;
        splitFrom = from;
        splitTo = to;
        growScratch();
    }

    /**
     * Stores the value sums of each span separately, until the next {@link #bind}.
     *
     * @param outs targets of the spans after a row's first, each in the shape of the output, which takes those of the
     *     first
     */
    void storeSpansSeparately(Tensor[] outs) {
        spanOuts = outs;
        hasSpanOuts = true;
    }

    private void growScratch() {
        scratch.grow((long) (KvLayout.LANE_TILE + numRows() + 3) * headDim * Float.BYTES);
    }

    /** Queries times the heads that share the kv head. */
    public int numRows() {
        return numQueries * gqaGroupSize;
    }

    public int headDim() {
        return headDim;
    }

    /** Numbers per value, and per head of the output. */
    public int valueDim() {
        return valueDim;
    }

    /** How a dot product of query and key becomes a score. */
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

    public int gqaGroupSize() {
        return gqaGroupSize;
    }

    /** The first query in the numbering of {@link #queries}. */
    public int firstQuery() {
        return tokens[0];
    }

    public int numQueries() {
        return numQueries;
    }

    /** A query in the numbering of {@link #queries}. */
    int token(int query) {
        return tokens[query];
    }

    /** Position of a tile row's query. */
    public int position(int row) {
        return positions[row / gqaGroupSize];
    }

    /** Query head of a tile row. */
    public int head(int row) {
        return kvHead * gqaGroupSize + row % gqaGroupSize;
    }

    /** First position of a range that a tile row attends to. */
    public int from(Range range, int row) {
        return inSplit(range == Range.SINKS ? 0 : window.firstVisible(position(row)));
    }

    /** End of a range of positions that a tile row attends to; equal to its start if the range is empty. */
    public int to(Range range, int row) {
        int to = range == Range.SINKS
                ? Math.min(window.numSinks(), window.firstVisible(position(row)))
                : position(row) + 1;
        return inSplit(to);
    }

    private int inSplit(int position) {
        return Math.clamp(position, splitFrom, splitTo);
    }

    /** End of {@link Range#WINDOW}: no tile row attends to a position from here on. */
    public int numVisible(int row) {
        return to(Range.WINDOW, row);
    }

    /** Start of {@link Range#WINDOW}: a tile row attends to every position from here to {@link #numVisible}. */
    public int firstVisible(int row) {
        return from(Range.WINDOW, row);
    }

    /** Whether a tile row attends to a position. */
    public boolean sees(int row, int position) {
        return window.sees(position(row), position) && position >= splitFrom && position < splitTo;
    }

    /** Whether a tile row attends to any of the positions {@code [from, to)}. */
    public boolean seesAny(int row, int from, int to) {
        return overlaps(Range.SINKS, row, from, to) || overlaps(Range.WINDOW, row, from, to);
    }

    private boolean overlaps(Range range, int row, int from, int to) {
        return from < to(range, row) && to > from(range, row);
    }

    /** F32 queries; a row's {@code headDim} numbers begin at {@link #queryByteOffset}. */
    public MemorySegment queries() {
        return queries.segment();
    }

    public long queryByteOffset(int row) {
        return headByteOffset(queries, row, headDim);
    }

    /**
     * F32 target of a row's weighted values of a span; its {@code valueDim} numbers begin at {@link #outByteOffset}.
     * One target for all spans, or, for splits, one for each span after the row's first.
     *
     * @param spanFrom first position of the span, a multiple of {@link #SPAN_POSITIONS}
     */
    public MemorySegment outOf(int row, int spanFrom) {
        int others = hasSpanOuts ? spanFrom / SPAN_POSITIONS - firstSpan(row) : 0;
        return (others > 0 ? spanOuts[others - 1] : out).segment();
    }

    /**
     * Whether a row's sums of a span are the first in {@link #outOf}: those are added to zero, later ones to its
     * content.
     */
    public boolean startsOut(int row, int spanFrom) {
        return hasSpanOuts || spanFrom / SPAN_POSITIONS == firstSpan(row);
    }

    /** The first span that a row attends to, in this split or another. */
    int firstSpan(int row) {
        int firstVisible = window.firstVisible(position(row));
        return Math.min(window.numSinks(), firstVisible) > 0 ? 0 : firstVisible / SPAN_POSITIONS;
    }

    /** No row attends to a position before this one. */
    int seenFrom() {
        return to(Range.SINKS, numRows() - 1) > splitFrom ? splitFrom : from(Range.WINDOW, 0);
    }

    /** No row attends to a position from here on. */
    int seenTo() {
        return numVisible(numRows() - 1);
    }

    public long outByteOffset(int row) {
        return headByteOffset(out, row, valueDim);
    }

    private long headByteOffset(Tensor tensor, int row, int width) {
        return (tokens[row / gqaGroupSize] * tensor.stride(0) + (long) head(row) * width) * Float.BYTES;
    }

    /**
     * F32 scores, then pattern: the score of position p is at {@code scoreByteOffset(row) + 4 p}. The content at
     * positions that a row does not attend to is undefined; kernels may write from the lane tile of 16 positions in
     * which its window begins (from 0 where there are sinks) to the end of the one in which it ends.
     */
    public MemorySegment scores() {
        return scores;
    }

    /** Byte offset of the score of position 0 in {@link #scores}; may be negative where a window begins later. */
    public long scoreByteOffset(int row) {
        return ((long) (firstScoreRow + row) * scoreStride - scoreBase) * Float.BYTES;
    }

    /** Memory for the kernel's own use, within one call: (16 + numRows + 3) x headDim floats. */
    public MemorySegment scratch() {
        return scratch.segment();
    }

    @Override
    public void close() {
        ownScores.close();
        scratch.close();
    }
}
