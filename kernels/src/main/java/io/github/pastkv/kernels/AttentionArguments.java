package io.github.pastkv.kernels;

import io.github.pastkv.cache.StepRows;
import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.tensor.Tensor;

/** The arguments of the attention under way: tokens {@code [fromToken, toToken)} of a step in one layer. Reused. */
@SuppressWarnings("NullAway.Init") // set before each use
final class AttentionArguments {
    private StepRows rows;
    private int layer;
    private ScoreForm form;
    private Tensor queries;
    private Tensor out;
    private int fromToken;
    private int toToken;

    void set(StepRows newRows, int newLayer, ScoreForm newForm, Tensor newQueries, Tensor newOut, int from, int to) {
        rows = newRows;
        layer = newLayer;
        form = newForm;
        queries = newQueries;
        out = newOut;
        fromToken = from;
        toToken = to;
    }

    int numRows() {
        return rows.numRows();
    }

    /** {@code [T, H * D]}. */
    Tensor queries() {
        return queries;
    }

    /** {@code [T, H * valueDim]}. */
    Tensor out() {
        return out;
    }

    /** First token of a row within the range, in the numbering of the step. */
    int firstQuery(int row) {
        return Math.max(fromToken, rows.rowStart(row));
    }

    /** Tokens of a row within the range. */
    int numQueries(int row) {
        return Math.max(0, Math.min(toToken, rows.rowStart(row + 1)) - firstQuery(row));
    }

    /** Position of a token of the step in its row. */
    int position(int token) {
        return rows.position(token);
    }

    KvBlocks blocks(int row) {
        return rows.blocks(layer, row);
    }

    int layerInGroup(int row) {
        return rows.layerInGroup(layer, row);
    }

    /** Positions that are both in the layer's window and still stored. */
    KvWindow window(int row) {
        return form.window().narrower(rows.window(layer, row));
    }

    /** Upper bound of the positions that the last query of a row attends to. */
    int mostSeen(int row) {
        KvWindow window = window(row);
        int kvLength = rows.kvLength(row);
        return kvLength - window.firstVisible(Math.max(0, kvLength - 1)) + window.numSinks();
    }

    /** Binds a tile to a row, without queries yet. */
    void bind(AttentionTile tile, int row) {
        tile.bind(blocks(row), layerInGroup(row), form, queries, out);
        tile.limitTo(rows.window(layer, row));
    }

    /** Lets a tile read the blocks of a row, which hold what its queries attend to. */
    void readRow(AttentionTile tile, int row) {
        tile.readFrom(blocks(row), layerInGroup(row));
    }

    /** Adds neighboring tokens of one row to the queries of a tile. */
    void addQueries(AttentionTile tile, int firstToken, int numQueries) {
        tile.addQueries(firstToken - fromToken, numQueries, rows.position(firstToken));
    }
}
