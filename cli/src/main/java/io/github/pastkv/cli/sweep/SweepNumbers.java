package io.github.pastkv.cli.sweep;

import io.github.pastkv.cli.options.PromptMixin;
import io.github.pastkv.lens.circuits.CircuitGraph;
import io.github.pastkv.lens.circuits.PathSweep;
import io.github.pastkv.lens.patching.GridResult;
import io.github.pastkv.lens.patching.LabelledGrid;
import io.github.pastkv.lens.patching.PatchSweep;
import io.github.pastkv.model.Model;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The numbers of one case, as far as they are known. */
final class SweepNumbers {
    private final SweepCase sweepCase;
    private final Map<String, Double> baselines = new LinkedHashMap<>();
    private final List<Part> parts = new ArrayList<>();

    /**
     * A grid.
     *
     * @param cells what the runs fill in, null for edges
     * @param grid the same numbers with their labels
     * @param numCells cells that there are; the others never get a number
     */
    record Part(@Nullable GridResult cells, LabelledGrid grid, long numCells) {
        boolean isComplete() {
            return grid.done().cardinality() == numCells;
        }
    }

    private SweepNumbers(SweepCase sweepCase) {
        this.sweepCase = sweepCase;
    }

    /**
     * None are known yet.
     *
     * @throws IllegalArgumentException for a grid that the model or the case does not have
     */
    static SweepNumbers empty(SweepCase of, List<SweepGrid> grids, Model model) {
        SweepNumbers numbers = new SweepNumbers(of);
        List<String> tokens = PromptMixin.labels(model, of.baseIds());
        for (SweepGrid grid : grids) {
            numbers.parts.add(grid.patches() == null ? paths(of, model) : cells(grid, of, model, tokens));
        }
        return numbers;
    }

    private static Part cells(SweepGrid grid, SweepCase of, Model model, List<String> tokens) {
        GridResult cells = PatchSweep.emptyResult(model, Objects.requireNonNull(grid.patches()),
                of.baseIds().length);
        return new Part(cells, LabelledGrid.of(cells, tokens), cells.values().length);
    }

    private static Part paths(SweepCase of, Model model) {
        if (of.paths().isEmpty()) {
            throw new IllegalArgumentException("grid: " + PathSweep.GRID_NAME
                    + ", needs another prompt whose outputs the edges carry");
        }
        CircuitGraph graph = CircuitGraph.of(model);
        return new Part(null, PathSweep.emptyResult(graph), graph.numEdges());
    }

    SweepCase sweepCase() {
        return sweepCase;
    }

    /** By name; empty before anything has run. */
    Map<String, Double> baselines() {
        return baselines;
    }

    List<Part> parts() {
        return parts;
    }

    /** Whether nothing is left to run. */
    boolean isComplete() {
        return !baselines.isEmpty() && parts.stream().allMatch(Part::isComplete);
    }

    /** Cells that have their number. */
    long numDone() {
        return parts.stream().mapToLong(part -> part.grid().done().cardinality()).sum();
    }

    /** All cells. */
    long numCells() {
        return parts.stream().mapToLong(Part::numCells).sum();
    }
}
