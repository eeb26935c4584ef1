package io.github.pastkv.lens.patching;

import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.Capture;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.hooks.HookFilter;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Activation patching (Vig et al. 2020, "Investigating Gender Bias in Language Models Using Causal Mediation Analysis";
 * Zhang and Nanda 2024, "Toward Best Practices of Activation Patching"): runs of one prompt (the base) in which part
 * of an activation is replaced by that of another run (the source), for every cell of a grid.
 *
 * <p>A patch at a layer and position changes nothing before that position and below that layer. So the base prompt is
 * computed once and frozen. A patched run enters at its layer with the base run's stored residual stream and runs the
 * positions from the patch on, over the frozen keys and values before it; many runs are rows of one batch. Cells that
 * cover only what both runs have in common equal the base run and need no run. Every result is bit-identical to a full,
 * separate run ({@link SweepOptions#plain}).
 *
 * <p>For one thread at a time. Owns its caches until {@link #close}.
 */
public final class PatchSweep implements AutoCloseable {
    private final Model model;
    private final Lens lens;
    private final int[] baseIds;
    private final SweepOptions options;
    private final UnpatchedRun base;
    private final float[] baseLogits;
    private long numRuns;
    private long numTokensRun;

    /**
     * Reads the base prompt.
     *
     * @param baseIds the prompt that is patched, {@code [T]}
     * @param from the first position at which the source's activations can differ from the base run's; 0 if any can
     */
    public PatchSweep(Model model, int[] baseIds, int from, SweepOptions options) {
        this.model = model;
        this.lens = new Lens(model);
        this.baseIds = baseIds.clone();
        this.options = options;
        this.base = new UnpatchedRun(lens, baseIds, from, sessionOptions());
        this.baseLogits = base.lastLogits();
    }

    /**
     * A sweep that patches a pair's corrupted prompt with its clean one (denoising), or the other way round (noising).
     */
    public static PatchSweep ofPair(Model model, PromptPair pair, boolean noising, SweepOptions options) {
        return new PatchSweep(model, noising ? pair.clean() : pair.corrupted(), pair.firstDifference(), options);
    }

    /**
     * Windows must keep everything that a truncated prefix needs, and length-dependent RoPE tables are those of the
     * prompt.
     */
    private SessionOptions sessionOptions() {
        SessionOptions forPrompt = SessionOptions.defaults().withKvType(options.kvType())
                .withMaxRewindTokens(baseIds.length).withPrefixReuse(false);
        return model.config().dependsOnLength() ? forPrompt.withMaxSeqLen(baseIds.length) : forPrompt;
    }

    /**
     * A run of another prompt, as long as the base, that keeps what a grid reads: a {@link PatchSource}. The caller
     * closes it.
     */
    public CachedRun sourceRun(int[] tokenIds, PatchGrid grid) {
        if (tokenIds.length != baseIds.length) {
            throw new IllegalArgumentException(
                    "tokenIds: " + tokenIds.length + " tokens, the base prompt has " + baseIds.length);
        }
        try (Session session = model.newSession(sessionOptions())) {
            return lens.runWithCache(session, StepInput.tokens(tokenIds),
                    Capture.of(HookFilter.where(name -> grid.points().contains(name.point()))));
        }
    }

    /** Logits behind another prompt's last token, {@code [V]}. */
    public float[] lastLogits(int[] tokenIds) {
        try (Session session = model.newSession(sessionOptions())) {
            return session.prefill(tokenIds).toFloatArray();
        }
    }

    /** Logits behind the base prompt's last token, {@code [V]}. */
    public float[] baseLogits() {
        return baseLogits.clone();
    }

    /** Patched runs made so far. */
    public long numRuns() {
        return numRuns;
    }

    /** Tokens times layers that these runs computed. */
    public long numTokensRun() {
        return numTokensRun;
    }

    /**
     * A result for a grid, without numbers yet.
     *
     * @throws IllegalArgumentException for a hook that the model lacks
     */
    public GridResult emptyResult(PatchGrid grid) {
        return emptyResult(model, grid, baseIds.length);
    }

    /** The same for a prompt of {@code numTokens} tokens, before any is read. */
    public static GridResult emptyResult(Model model, PatchGrid grid, int numTokens) {
        for (HookPoint point : grid.points()) {
            if (!model.hooks().has(HookName.of(point, 0))) {
                throw new IllegalArgumentException("grid: " + grid.name() + ", a " + model.config().architecture()
                        + " model has no " + HookName.of(point, 0));
            }
        }
        return GridResult.empty(grid, grid.shape(model.config(), numTokens));
    }

    /**
     * Runs some cells of a grid only.
     *
     * @param indices of each cell, one index for each axis of the grid
     * @return their numbers, in the same order
     * @throws IllegalArgumentException for an index beyond its axis, before anything runs
     */
    public double[] runCells(PatchGrid grid, List<int[]> indices, PatchSource source, Metric metric) {
        GridResult result = emptyResult(grid);
        int[] flatIndices = indices.stream().mapToInt(result::flat).toArray();
        result.done().set(0, result.values().length);
        Arrays.stream(flatIndices).forEach(result.done()::clear);
        run(result, source, metric, SweepListener.NONE);
        return Arrays.stream(flatIndices).mapToDouble(flat -> result.values()[flat]).toArray();
    }

    /** Runs all cells of a grid. */
    public GridResult run(PatchGrid grid, PatchSource source, Metric metric) {
        GridResult result = emptyResult(grid);
        run(result, source, metric, SweepListener.NONE);
        return result;
    }

    /**
     * Runs the cells of a result that have no number yet, and puts their numbers in.
     *
     * @return whether all have been run; false when the listener ended it
     */
    public boolean run(GridResult result, PatchSource source, Metric metric, SweepListener listener) {
        List<PatchCell> cells = result.grid().cellsOfLayer(model.config(), baseIds.length);
        GridRun run = new GridRun(result, cells, source, metric, listener);
        if (!options.plain()) {
            run.fillUnchanged(base.from(), metric.of(baseLogits));
        }
        for (List<Integer> batch : batches(run)) {
            if (!run.runBatch(batch)) {
                return false;
            }
        }
        return true;
    }

    /** Numbers of cells that go together, those of one layer, within the budget. */
    private List<List<Integer>> batches(GridRun run) {
        List<List<Integer>> batches = new ArrayList<>();
        List<Integer> batch = new ArrayList<>();
        long numBytes = 0;
        for (int cell = 0; cell < run.cells.size(); cell++) {
            if (run.isOpen(cell)) {
                long bytesPerCell = bytesPerRow(options.plain()
                        ? baseIds.length
                        : baseIds.length - run.cells.get(cell).firstAffected(base.from()));
                if (!batch.isEmpty() && numBytes + bytesPerCell > options.maxBatchBytes()) {
                    batches.add(batch);
                    batch = new ArrayList<>();
                    numBytes = 0;
                }
                batch.add(cell);
                numBytes += bytesPerCell;
            }
        }
        if (!batch.isEmpty()) {
            batches.add(batch);
        }
        return batches;
    }

    /**
     * What a run of some tokens takes, about: for each its stream, norms, blocks' outputs, heads, feed-forward block,
     * rows in and out, and scores; and the logits of the last.
     */
    private long bytesPerRow(long numTokens) {
        ModelConfig config = model.config();
        long heads = 2L * (config.numHeads() + config.numKvHeads()) * config.headDim();
        long scores = 2L * config.numHeads() * baseIds.length;
        ExpertsConfig experts = config.experts();
        long ofExperts = experts == null ? 0
                : 3L * experts.expertSize() + 3L * experts.shared().size() + 2L * config.hiddenSize();
        long floatsPerToken = 8L * config.hiddenSize() + heads + 3L * config.ffnSize() + ofExperts + scores;
        return Float.BYTES * (numTokens * floatsPerToken + 2L * config.vocabSize());
    }

    private PatchedRuns rows(List<PatchCell> cells) {
        return options.plain()
                ? new FullRuns(lens, baseIds, cells, sessionOptions())
                : new CachedPrefixRuns(lens, base, cells);
    }

    @Override
    public void close() {
        base.close();
    }

    /** One grid on its way. */
    private final class GridRun {
        private final GridResult result;
        private final List<PatchCell> cells; // of one layer
        private final PatchSource source;
        private final Metric metric;
        private final SweepListener listener;
        private final float[] logits; // [V], of one run, which a metric sees during its call only
        private final Tensor logitsRow;
        private long numDone;

        GridRun(GridResult result, List<PatchCell> cells, PatchSource source, Metric metric, SweepListener listener) {
            this.result = result;
            this.cells = cells;
            this.source = source;
            this.metric = metric;
            this.listener = listener;
            this.logits = new float[model.config().vocabSize()];
            this.logitsRow = Tensor.of(logits, 1, logits.length);
            this.numDone = result.numDone();
        }

        private int flat(int layer, int cell) {
            return layer * cells.size() + cell;
        }

        private boolean isOpen(int layer, int cell) {
            return !result.isDone(flat(layer, cell));
        }

        /** Whether a cell has no number in some layer. */
        boolean isOpen(int cell) {
            for (int layer = 0; layer < model.config().numLayers(); layer++) {
                if (isOpen(layer, cell)) {
                    return true;
                }
            }
            return false;
        }

        /** Cells that take only what both runs have in common have the base run's number. */
        void fillUnchanged(int from, double baseline) {
            for (int cell = 0; cell < cells.size(); cell++) {
                for (int layer = 0; cells.get(cell).changesNothing(from) && layer < model.config().numLayers();
                        layer++) {
                    numDone += isOpen(layer, cell) ? 1 : 0;
                    result.put(flat(layer, cell), baseline);
                }
            }
        }

        boolean runBatch(List<Integer> batch) {
            try (PatchedRuns rows = rows(batch.stream().map(cells::get).toList())) {
                for (int layer = 0; layer < model.config().numLayers(); layer++) {
                    int currentLayer = layer;
                    if (batch.stream().anyMatch(cell -> isOpen(currentLayer, cell)) && !runLayer(rows, layer, batch)) {
                        return false;
                    }
                }
            }
            return true;
        }

        private boolean runLayer(PatchedRuns rows, int layer, List<Integer> batch) {
            Tensor logitsByRow = rows.logits(result.grid().points(), layer, source);
            for (int row = 0; row < batch.size(); row++) {
                int flat = flat(layer, batch.get(row));
                numDone += result.isDone(flat) ? 0 : 1;
                logitsRow.copyFrom(logitsByRow.narrow(0, row, row + 1L));
                result.put(flat, metric.of(logits));
            }
            numRuns += batch.size();
            numTokensRun += rows.numTokensRun(layer);
            return listener.onProgress(numDone, result.values().length);
        }
    }

    @Override
    public String toString() {
        return "PatchSweep[" + numRuns + " runs]";
    }
}
