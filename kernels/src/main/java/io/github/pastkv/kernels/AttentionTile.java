package io.github.pastkv.kernels;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A block of neighboring queries of one row that share a kv head (grouped-query attention), with the buffer for their
 * scores: the unit of work of attention.
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

    private static final int MIN_CAPACITY_FLOATS = 4096;
    private static final Tensor[] NO_SPAN_OUTS = {};
    /** Spans whose sums fit in scratch memory together. */
    private static final int SPANS_IN_SCRATCH = 4;

    private final int gqaGroupSize;
    private final int headDim;
    private final int valueDim;
    private Arena scoresArena = Arena.ofShared();
    private MemorySegment ownScores;
    private MemorySegment scores; // its own, or those of the tile that it is a split of
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
    private int splitFrom;
    private int splitTo = Integer.MAX_VALUE;
    private Tensor[] spanOuts = NO_SPAN_OUTS;
    private int firstSpan;
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
        this.ownScores = scoresArena.allocate((long) MIN_CAPACITY_FLOATS * Float.BYTES, 64);
        this.scores = ownScores;
        this.scratch = scratchArena.allocate((long) MIN_CAPACITY_FLOATS * Float.BYTES, 64);
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
        this.kvHead = kvHead;
        this.firstQuery = firstQuery;
        this.numQueries = numQueries;
        this.firstPosition = firstPosition;
        int kvLength = firstPosition + numQueries;
        int lanes = KvLayout.LANE_TILE;
        this.scoreBase = window.numSinks() > 0 ? 0 : firstVisible(0) / lanes * lanes;
        this.scoreStride = Math.ceilDiv(kvLength, lanes) * lanes - scoreBase;
        growScores((long) numRows() * scoreStride * Float.BYTES);
        growScratch((long) (KvLayout.LANE_TILE + SPANS_IN_SCRATCH * numRows() + 3) * headDim * Float.BYTES);
    }

    /** Reads keys and values from other blocks of the same positions, until the next {@link #bind}. */
    public void readFrom(KvBlocks otherBlocks, int layerInBlocks) {
        blocks = otherBlocks;
        layer = layerInBlocks;
    }

    /**
     * Makes this tile a split of {@code whole}: its rows attend only to positions {@code [from, to)} of what those of
     * {@code whole} attend to. It reads and writes the scores of {@code whole}, whose other splits may be on other
     * threads.
     *
     * @param from a multiple of {@link #SPAN_POSITIONS}, as {@code to} is
     */
    void asSplitOf(AttentionTile whole, int from, int to) {
        bind(whole.blocks, whole.layer, whole.form, whole.queries, whole.out);
        window = whole.window;
        kvHead = whole.kvHead;
        firstQuery = whole.firstQuery;
        numQueries = whole.numQueries;
        firstPosition = whole.firstPosition;
        scoreStride = whole.scoreStride;
        scoreBase = whole.scoreBase;
        scores = whole.scores;
        splitFrom = from;
        splitTo = to;
        growScratch(whole.scratch.byteSize());
    }

    /**
     * Stores the value sums of each span separately, until the next {@link #bind}.
     *
     * @param outs targets of the spans after the whole's first, each in the shape of the output
     * @param firstSpanOfWhole the span whose sums go to the output itself
     */
    void storeSpansSeparately(Tensor[] outs, int firstSpanOfWhole) {
        spanOuts = outs;
        firstSpan = firstSpanOfWhole;
        hasSpanOuts = true;
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
        return firstQuery;
    }

    public int numQueries() {
        return numQueries;
    }

    /** Position of a tile row's query. */
    public int position(int row) {
        return firstPosition + row / gqaGroupSize;
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
     * F32 target of the weighted values of a span; a row's {@code valueDim} numbers begin at {@link #outByteOffset}.
     * One target for all spans, or, for splits, one for each span.
     *
     * @param spanFrom first position of the span, a multiple of {@link #SPAN_POSITIONS}
     */
    public MemorySegment outOf(int spanFrom) {
        int others = spanFrom / SPAN_POSITIONS - firstSpan;
        return (hasSpanOuts && others > 0 ? spanOuts[others - 1] : out).segment();
    }

    /**
     * Whether a row's sums of a span are the first in {@link #outOf}: those are added to zero, later ones to its
     * content.
     */
    public boolean startsOut(int row, int spanFrom) {
        int sinksFrom = from(Range.SINKS, row);
        int firstSeen = sinksFrom < to(Range.SINKS, row) ? sinksFrom : firstVisible(row);
        return hasSpanOuts || spanFrom == firstSeen / SPAN_POSITIONS * SPAN_POSITIONS;
    }

    public long outByteOffset(int row) {
        return headByteOffset(out, row, valueDim);
    }

    private long headByteOffset(Tensor tensor, int row, int width) {
        return ((firstQuery + row / gqaGroupSize) * tensor.stride(0) + (long) head(row) * width) * Float.BYTES;
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
