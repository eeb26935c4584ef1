package io.github.pastkv.lens.sweep;

import io.github.pastkv.lens.TokenLabels;
import io.github.pastkv.lens.patching.LabeledGrid;
import io.github.pastkv.model.Model;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * The results of a {@link Sweep} so far. Parts may be added in any order, and the report is the same as if one machine
 * had run the whole sweep. Not thread-safe.
 */
public final class SweepResult {
    private final Sweep sweep;
    private final String sweepId;
    private final SweepSetup setup;
    private final List<CaseNumbers> cases;
    private final List<String> positions;

    private SweepResult(Sweep sweep, List<CaseNumbers> cases, List<String> positions) {
        this.sweep = sweep;
        this.sweepId = sweep.id();
        this.setup = SweepSetup.of(sweep);
        this.cases = cases;
        this.positions = positions;
    }

    /**
     * A result without numbers.
     *
     * @param model the sweep's model, for shapes and labels; nothing runs
     * @throws IllegalArgumentException for a grid that the model or a case does not have
     */
    public static SweepResult empty(Sweep sweep, Model model) {
        List<CaseNumbers> cases =
                sweep.cases().stream().map(each -> CaseNumbers.empty(each, sweep.grids(), model)).toList();
        return new SweepResult(sweep, cases,
                TokenLabels.ofPositions(model, sweep.cases().stream().map(SweepCase::baseIds).toList()));
    }

    public Sweep sweep() {
        return sweep;
    }

    /** Work that is left, case by case and grid by grid. */
    public List<SweepTask> openTasks() {
        return openTasks(Integer.MAX_VALUE);
    }

    /**
     * The same, cut.
     *
     * @param maxCells most cells of a task
     */
    public List<SweepTask> openTasks(int maxCells) {
        if (maxCells <= 0) {
            throw new IllegalArgumentException("maxCells: " + maxCells + ", must be positive");
        }
        List<SweepTask> tasks = new ArrayList<>();
        for (int number = 0; number < cases.size(); number++) {
            int numBefore = tasks.size();
            for (CaseNumbers.GridNumbers grid : cases.get(number).grids()) {
                for (int[] cells : grid.openCells(maxCells)) {
                    tasks.add(task(number, grid.of(), cells));
                }
            }
            if (tasks.size() == numBefore && cases.get(number).baselines().isEmpty()) {
                tasks.add(task(number, sweep.grids().getFirst()));
            }
        }
        return tasks;
    }

    private SweepTask task(int caseIndex, SweepGrid grid, int... cells) {
        return new SweepTask(sweepId, sweep.model().digest(), sweep.model().arithmetic(), caseIndex,
                sweep.cases().get(caseIndex), grid, cells);
    }

    /**
     * Merges a part.
     *
     * @throws IllegalArgumentException for a part of another sweep, or with another number for a cell that has one;
     *         nothing has changed then
     */
    public void add(SweepPart part) {
        part.requireOf(sweepId, cases.size());
        cases.get(part.caseIndex()).add(part);
    }

    /**
     * Takes over the numbers of a JSON file that a sweep of the same model, cases and options wrote.
     *
     * @param option the option that named the file, for messages
     * @throws IOException for a file of another sweep, naming what differs; nothing has changed then
     */
    public void resume(String option, Path file) throws IOException {
        new SweepResume(PreviousResult.read(option, file)).fill(setup, cases);
    }

    /** Whether all cells have their number. */
    public boolean isComplete() {
        return cases.stream().allMatch(CaseNumbers::isComplete);
    }

    /** Cells that have their number. */
    public long numDone() {
        return cases.stream().mapToLong(CaseNumbers::numDone).sum();
    }

    /** All cells. */
    public long numCells() {
        return cases.stream().mapToLong(CaseNumbers::numCells).sum();
    }

    /** Cases of which all cells have their number. */
    public int numCasesDone() {
        return (int) cases.stream().filter(CaseNumbers::isComplete).count();
    }

    /** The grids of the sweep, of its one case or averaged over all, as far as they are known. */
    public List<LabeledGrid> grids() {
        return IntStream.range(0, sweep.grids().size()).mapToObj(grid -> {
            List<LabeledGrid> perCase = cases.stream().map(each -> each.grids().get(grid).numbers()).toList();
            return (sweep.isSet() ? LabeledGrid.mean(perCase) : perCase.getFirst()).withPositions(positions);
        }).toList();
    }

    /** Names of the baselines, in the order of the file; empty before anything has run. */
    public List<String> baselineNames() {
        return List.copyOf(cases.getFirst().baselines().keySet());
    }

    /** The mean of a baseline over the cases that have it; NaN if none has. */
    public double baseline(String name) {
        return LabeledGrid.mean(baselines(name));
    }

    /** The baseline that patched numbers are compared with. */
    public double unpatched() {
        return baseline(sweep.cases().getFirst().unpatchedName());
    }

    double[] baselines(String name) {
        return cases.stream().map(CaseNumbers::baselines).map(numbers -> numbers.get(name))
                .filter(Objects::nonNull).mapToDouble(Double::doubleValue).toArray();
    }

    /** The number of each case. */
    List<CaseNumbers> cases() {
        return cases;
    }

    SweepSetup setup() {
        return setup;
    }

    /**
     * The result as JSON, which {@link #resume} reads.
     *
     * @param extra further fields, such as the command that made it
     */
    public String json(Map<String, String> extra) {
        return SweepReport.json(this, extra);
    }

    /** The result as a table: a row for each cell of each grid, comma-separated. */
    public String table() {
        return SweepReport.table(this);
    }

    @Override
    public String toString() {
        return "SweepResult[" + sweep.cases().size() + " cases, " + numDone() + " of " + numCells() + " cells]";
    }
}
