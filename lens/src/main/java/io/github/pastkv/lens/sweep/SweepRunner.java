package io.github.pastkv.lens.sweep;

import io.github.pastkv.lens.circuits.CircuitOptions;
import io.github.pastkv.lens.circuits.PathSweep;
import io.github.pastkv.lens.patching.GridResult;
import io.github.pastkv.lens.patching.LabeledGrid;
import io.github.pastkv.lens.patching.PatchGrid;
import io.github.pastkv.lens.patching.PatchSweep;
import io.github.pastkv.lens.patching.SweepListener;
import io.github.pastkv.lens.patching.SweepOptions;
import io.github.pastkv.model.Model;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs {@link SweepTask}s on a model. Prompts of the last case stay cached between tasks, so tasks run fastest in the
 * order in which {@link SweepResult#openTasks} gives them; the numbers are the same in any order.
 *
 * <p>For one thread at a time. Owns its caches until {@link #close}; the model stays the caller's.
 */
public final class SweepRunner implements AutoCloseable {
    private final Model model;
    private final ModelIdentity identity;
    private final SweepOptions options;
    private @Nullable OpenCase current;
    private long numRuns;

    private record OpenCase(String sweepId, int caseIndex, PatchSweep sweep, SweepCase.Baselines baselines) {}

    /** Over the frozen prefix, within the default memory for a batch. */
    public SweepRunner(Model model, ModelIdentity identity) {
        this(model, identity, false);
    }

    /**
     * A runner.
     *
     * @param identity of the model, see {@link ModelIdentity#of}
     * @param plain whether each patched prompt runs in full; slower, the same bits
     */
    public SweepRunner(Model model, ModelIdentity identity, boolean plain) {
        this.model = model;
        this.identity = identity;
        this.options = SweepOptions.defaults().withPlain(plain);
    }

    /** Patched runs made so far. */
    public long numRuns() {
        return numRuns;
    }

    /**
     * Runs a task.
     *
     * @throws IllegalArgumentException for a task of another model or arithmetic, or one that does not fit the model
     */
    public SweepPart run(SweepTask task) {
        List<SweepPart> parts = new ArrayList<>();
        boolean _ = run(task, SweepListener.NONE, parts::add);
        return parts.getFirst();
    }

    /**
     * Runs a task until it is done or {@code listener} ends it.
     *
     * @param sink is given the cells that were run, once, also when a failure is thrown afterward; nothing when the
     *        case's own prompts cannot be run
     * @return whether all cells have been run
     */
    public boolean run(SweepTask task, SweepListener listener, Consumer<SweepPart> sink) {
        requireSame("digest", task.modelDigest(), identity.digest());
        requireSame("arithmetic", task.arithmetic(), identity.arithmetic());
        OpenCase open = open(task);
        return switch (task.grid()) {
            case SweepGrid.Activations(PatchGrid grid) -> runActivations(task, grid, open, listener, sink);
            case SweepGrid.DirectPaths _ -> runPaths(task, open, listener, sink);
        };
    }

    private static void requireSame(String field, String ofTask, String ofModel) {
        if (!ofTask.equals(ofModel)) {
            throw new IllegalArgumentException("task: is for a model with " + field + " " + ofTask + ", this one has "
                    + ofModel);
        }
    }

    private OpenCase open(SweepTask task) {
        OpenCase open = current;
        if (open != null && open.sweepId().equals(task.sweepId()) && open.caseIndex() == task.caseIndex()) {
            return open;
        }
        close();
        SweepCase sweepCase = task.sweepCase();
        PatchSweep sweep = new PatchSweep(model, sweepCase.baseIds(), sweepCase.firstDifference(), options);
        try {
            open = new OpenCase(task.sweepId(), task.caseIndex(), sweep, sweepCase.baselines(sweep));
        } catch (RuntimeException e) {
            sweep.close();
            throw e;
        }
        current = open;
        return open;
    }

    private boolean runActivations(SweepTask task, PatchGrid grid, OpenCase open, SweepListener listener,
            Consumer<SweepPart> sink) {
        GridResult result = open.sweep().emptyResult(grid);
        openOnly(task, result.done(), result.values().length);
        long runsBefore = open.sweep().numRuns();
        try {
            return task.cells().length == 0 || task.sweepCase().withSource(open.sweep(), grid,
                    source -> open.sweep().run(result, source, open.baselines().metric(),
                            ofTask(task, listener, result.values().length)));
        } finally {
            numRuns += open.sweep().numRuns() - runsBefore;
            sink.accept(part(task, open.baselines().values(), result.done(), result.values()));
        }
    }

    private boolean runPaths(SweepTask task, OpenCase open, SweepListener listener, Consumer<SweepPart> sink) {
        CircuitOptions circuitOptions = CircuitOptions.of(1).withPlain(options.plain());
        try (PathSweep paths = new PathSweep(model, task.sweepCase().edgePair().orElseThrow(), circuitOptions)) {
            LabeledGrid result = PathSweep.emptyResult(paths.graph());
            openOnly(task, result.done(), result.values().length);
            try {
                return paths.run(result, open.baselines().metric(), ofTask(task, listener, result.values().length));
            } finally {
                numRuns += paths.numRuns();
                sink.accept(part(task, open.baselines().values(), result.done(), result.values()));
            }
        }
    }

    /** Marks all cells as done but the task's. */
    private static void openOnly(SweepTask task, BitSet done, int numCells) {
        int[] cells = task.cells();
        if (cells.length > 0 && cells[cells.length - 1] >= numCells) {
            throw new IllegalArgumentException(
                    "cells: " + cells[cells.length - 1] + ", grid " + task.grid().name() + " has " + numCells);
        }
        done.set(0, numCells);
        Arrays.stream(cells).forEach(done::clear);
    }

    /** Counts the task's cells only. */
    private static SweepListener ofTask(SweepTask task, SweepListener listener, int numCells) {
        int numTaskCells = task.cells().length;
        return (numDone, _) -> listener.onProgress(numDone - (numCells - numTaskCells), numTaskCells);
    }

    private static SweepPart part(SweepTask task, Map<String, Double> baselines, BitSet done, double[] values) {
        int[] cells = Arrays.stream(task.cells()).filter(done::get).toArray();
        return new SweepPart(task.sweepId(), task.caseIndex(), task.grid().name(), baselines, cells,
                Arrays.stream(cells).mapToDouble(cell -> values[cell]).toArray());
    }

    @Override
    public void close() {
        OpenCase open = current;
        if (open != null) {
            open.sweep().close();
            current = null;
        }
    }
}
