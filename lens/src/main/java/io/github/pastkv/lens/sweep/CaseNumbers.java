package io.github.pastkv.lens.sweep;

import io.github.pastkv.lens.TokenLabels;
import io.github.pastkv.lens.circuits.CircuitGraph;
import io.github.pastkv.lens.circuits.PathSweep;
import io.github.pastkv.lens.patching.LabeledGrid;
import io.github.pastkv.lens.patching.PatchGrid;
import io.github.pastkv.lens.patching.PatchSweep;
import io.github.pastkv.model.Model;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The numbers of one case, as far as they are known. Not thread-safe. */
final class CaseNumbers {
    private final SweepCase sweepCase;
    private final Map<String, Double> baselines = new LinkedHashMap<>();
    private final List<GridNumbers> grids = new ArrayList<>();

    /**
     * The numbers of one grid.
     *
     * @param of what is run
     * @param numbers the cells with their labels
     * @param cells places that have a cell; others, such as edges against the order of the run, never get a number
     */
    record GridNumbers(SweepGrid of, LabeledGrid numbers, BitSet cells) {
        boolean isComplete() {
            return numDone() == cells.cardinality();
        }

        long numDone() {
            return numbers.done().cardinality();
        }

        /** The cells without a number, at most {@code maxCells} together. */
        List<int[]> openCells(int maxCells) {
            BitSet open = (BitSet) cells.clone();
            open.andNot(numbers.done());
            int[] all = open.stream().toArray();
            List<int[]> parts = new ArrayList<>();
            for (int from = 0; from < all.length; from += maxCells) {
                parts.add(Arrays.copyOfRange(all, from, (int) Math.min((long) from + maxCells, all.length)));
            }
            return parts;
        }
    }

    private CaseNumbers(SweepCase sweepCase) {
        this.sweepCase = sweepCase;
    }

    /**
     * No numbers yet.
     *
     * @throws IllegalArgumentException for a grid that the model or the case does not have
     */
    static CaseNumbers empty(SweepCase sweepCase, List<SweepGrid> grids, Model model) {
        CaseNumbers numbers = new CaseNumbers(sweepCase);
        List<String> tokens = TokenLabels.of(model, sweepCase.baseIds());
        for (SweepGrid grid : grids) {
            numbers.grids.add(switch (grid) {
                case SweepGrid.Activations(PatchGrid patches) -> activations(grid, patches, model, tokens);
                case SweepGrid.DirectPaths paths -> paths(paths, sweepCase, model);
            });
        }
        return numbers;
    }

    private static GridNumbers activations(SweepGrid grid, PatchGrid patches, Model model, List<String> tokens) {
        LabeledGrid numbers = LabeledGrid.of(PatchSweep.emptyResult(model, patches, tokens.size()), tokens);
        BitSet cells = new BitSet();
        cells.set(0, numbers.values().length);
        return new GridNumbers(grid, numbers, cells);
    }

    private static GridNumbers paths(SweepGrid grid, SweepCase sweepCase, Model model) {
        if (sweepCase.edgePair().isEmpty()) {
            throw new IllegalArgumentException("grid: " + grid.name() + ", needs another prompt to take edges from");
        }
        CircuitGraph graph = CircuitGraph.of(model);
        BitSet cells = new BitSet();
        for (int receiver = 0; receiver < graph.receivers().size(); receiver++) {
            int row = receiver * graph.senders().size();
            cells.set(row, row + graph.numSendersOf(receiver));
        }
        return new GridNumbers(grid, PathSweep.emptyResult(graph), cells);
    }

    SweepCase sweepCase() {
        return sweepCase;
    }

    /** By name; empty before anything has run. */
    Map<String, Double> baselines() {
        return baselines;
    }

    List<GridNumbers> grids() {
        return grids;
    }

    Optional<GridNumbers> grid(String name) {
        return grids.stream().filter(grid -> grid.of().name().equals(name)).findFirst();
    }

    /**
     * Merges a part of this case.
     *
     * @throws IllegalArgumentException for another grid, or another number for a cell that has one; nothing has changed
     *         then
     */
    void add(SweepPart part) {
        LabeledGrid numbers = grid(part.grid()).orElseThrow(
                () -> new IllegalArgumentException("part: grid " + part.grid() + " is not of this sweep")).numbers();
        requireConsistent(part, numbers);
        baselines.putAll(part.baselines());
        for (int i = 0; i < part.cells().length; i++) {
            numbers.put(part.cells()[i], part.values()[i]);
        }
    }

    private void requireConsistent(SweepPart part, LabeledGrid grid) {
        part.baselines().forEach((name, value) -> {
            Double known = baselines.getOrDefault(name, value);
            if (!known.equals(value)) {
                throw new IllegalArgumentException("part: baseline " + name + " is " + value + ", another part has "
                        + known + "; equal models give equal bits");
            }
        });
        for (int i = 0; i < part.cells().length; i++) {
            int cell = part.cells()[i];
            if (cell >= grid.values().length) {
                throw new IllegalArgumentException(
                        "part: cell " + cell + ", grid " + part.grid() + " has " + grid.values().length);
            }
            if (grid.isDone(cell)) {
                SweepPart.requireSameBits(part.grid(), cell, grid.values()[cell], part.values()[i]);
            }
        }
    }

    boolean isComplete() {
        return !baselines.isEmpty() && grids.stream().allMatch(GridNumbers::isComplete);
    }

    long numDone() {
        return grids.stream().mapToLong(GridNumbers::numDone).sum();
    }

    long numCells() {
        return grids.stream().mapToLong(grid -> grid.cells().cardinality()).sum();
    }
}
