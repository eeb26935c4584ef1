package io.github.pastkv.lens.circuits;

import io.github.pastkv.lens.Hook;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Runs of a clean prompt with edges removed. What the prompts have in common is computed once and frozen; a run enters
 * at a layer below which nothing is removed, with the clean run's stream, and many go through the model as rows. Owns
 * its caches until {@link #close}.
 */
final class CircuitRuns implements AutoCloseable {
    private final Model model;
    private final Lens lens;
    private final CircuitGraph graph;
    private final int[] cleanIds;
    private final boolean plain;
    private final int from; // the first position that is run
    private final SessionOptions sessionOptions;
    private final SenderOutputs corrupted;
    private final SenderOutputs clean;
    private final float[][] cleanDifferences; // [senders][n * E], clean less corrupted
    private final Session base; // frozen, the clean prompt

    CircuitRuns(Model model, CircuitGraph graph, PromptPair pair, CircuitOptions options) {
        this.model = model;
        this.lens = new Lens(model);
        this.graph = graph;
        this.cleanIds = pair.clean().clone();
        this.plain = options.plain();
        this.from = firstRun(pair, options);
        SessionOptions forPrompt = SessionOptions.defaults().withKvType(options.kvType())
                .withMaxRewindTokens(cleanIds.length).withPrefixReuse(false);
        this.sessionOptions = model.config().dependsOnLength() ? forPrompt.withMaxSeqLen(cleanIds.length) : forPrompt;
        try (Session session = model.newSession(sessionOptions)) {
            corrupted = new SenderOutputs(graph, lens, session, pair.corrupted(), from);
        }
        base = model.newSession(sessionOptions);
        try {
            clean = new SenderOutputs(graph, lens, base, cleanIds, from);
            base.freeze();
        } catch (RuntimeException e) {
            base.close();
            throw e;
        }
        cleanDifferences = new float[graph.numSenders()][];
        for (int sender = 0; sender < cleanDifferences.length; sender++) {
            cleanDifferences[sender] = difference(clean.of(sender), corrupted.of(sender));
        }
    }

    private static float[] difference(float[] a, float[] b) {
        float[] difference = new float[a.length];
        for (int i = 0; i < a.length; i++) {
            difference[i] = a[i] - b[i];
        }
        return difference;
    }

    /** The first position that is run. */
    private static int firstRun(PromptPair pair, CircuitOptions options) {
        return options.plain() ? 0 : pair.firstDifference();
    }

    /**
     * Most runs that go together. A run takes, about: for each of its tokens what all senders add, what heads read and
     * add, and a few rows of the stream.
     */
    static int maxRows(CircuitGraph graph, PromptPair pair, CircuitOptions options) {
        int numHeads = graph.config().numHeads() + 2 * graph.config().numKvHeads();
        long rowsOfToken = graph.numSenders() + 2L * numHeads + 8;
        long bytesPerRun =
                (pair.numTokens() - firstRun(pair, options)) * rowsOfToken * graph.config().hiddenSize() * Float.BYTES;
        return Math.clamp(options.maxBatchBytes() / bytesPerRun, 1, options.maxRows());
    }

    /** Tokens times layers that {@link #lastLogits} computes. */
    static long numTokensRun(CircuitGraph graph, PromptPair pair, CircuitOptions options, int entryLayer, int numRows) {
        int layer = options.plain() ? 0 : entryLayer;
        return (long) numRows * (pair.numTokens() - firstRun(pair, options)) * (graph.config().numLayers() - layer);
    }

    /** What both runs of the prompts keep, and the difference of their senders. */
    long numHeapBytes() {
        long numRows = 3L * graph.numSenders() + 2L * (graph.config().numLayers() + 1);
        return numRows * (cleanIds.length - from) * graph.config().hiddenSize() * Float.BYTES;
    }

    float[] cleanLogits() {
        return clean.lastLogits();
    }

    float[] corruptedLogits() {
        return corrupted.lastLogits();
    }

    /**
     * Logits behind the last token, {@code [rows][V]}, of runs with edges removed.
     *
     * @param entryLayer a layer below which no row has a removed edge; the number of layers for the output only
     */
    float[][] lastLogits(int entryLayer, List<EdgeMask> rows) {
        int layer = plain ? 0 : entryLayer;
        EdgeEdits edits = new EdgeEdits(graph, layer, model.config().hiddenSize(), rows, corrupted, cleanDifferences);
        try (Session session = plain ? freshRows(rows.size()) : prefixRows(rows.size())) {
            Tensor logits = plain
                    ? lens.lastLogits(session, tokens(rows.size()), edits.hooks())
                    : entering(session, layer, rows.size(), edits);
            float[][] logitsByRow = new float[rows.size()][];
            for (int row = 0; row < logitsByRow.length; row++) {
                logitsByRow[row] = logits.narrow(0, row, row + 1L).toFloatArray();
            }
            return logitsByRow;
        }
    }

    private Tensor entering(Session session, int layer, int numRows, EdgeEdits edits) {
        float[] stream = clean.residualBefore(layer);
        float[] rows = new float[Math.multiplyExact(numRows, stream.length)];
        for (int row = 0; row < numRows; row++) {
            System.arraycopy(stream, 0, rows, row * stream.length, stream.length);
        }
        Hook[] hooks = {};
        if (layer == model.config().numLayers()) {
            edits.subtract(0, rows, 0, 1);
        } else {
            hooks = edits.hooks();
        }
        Tensor entering = Tensor.of(rows, numRows, cleanIds.length - from, model.config().hiddenSize());
        return lens.lastLogits(session, StepInput.residual(entering, layer), hooks);
    }

    private StepInput tokens(int numRows) {
        int[][] rows = new int[numRows][];
        Arrays.fill(rows, cleanIds);
        return StepInput.tokens(rows);
    }

    private Session freshRows(int numRows) {
        Session session = model.newSession(sessionOptions.withBatchSize(numRows));
        session.freeze();
        return session;
    }

    /** Rows that hold the clean run's keys and values before the first difference, and copy nothing of them. */
    private Session prefixRows(int numRows) {
        Session session = base.fork();
        session.cache().repeatRows(numRows);
        for (int row = 0; row < numRows; row++) {
            session.cache().truncateRow(row, from);
        }
        session.freeze();
        return session;
    }

    @Override
    public void close() {
        base.close();
    }
}
