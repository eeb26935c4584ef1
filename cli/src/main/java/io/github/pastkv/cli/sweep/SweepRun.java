package io.github.pastkv.cli.sweep;

import io.github.pastkv.cli.io.Interruption;
import io.github.pastkv.cli.io.Progress;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.lens.circuits.CircuitOptions;
import io.github.pastkv.lens.circuits.PathSweep;
import io.github.pastkv.lens.patching.GridResult;
import io.github.pastkv.lens.patching.LabelledGrid;
import io.github.pastkv.lens.patching.PatchSweep;
import io.github.pastkv.lens.patching.SweepOptions;
import io.github.pastkv.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.node.ObjectNode;

/**
 * Runs cases, one after the other, and writes what is known at the end, be it all or what was done before Ctrl-C or a
 * failure.
 */
final class SweepRun {
    private final Streams streams;
    private final Model model;
    private final SweepMixin options;
    private final Interruption interruption;
    private long numRuns;

    SweepRun(Streams streams, Model model, SweepMixin options, Interruption interruption) {
        this.streams = streams;
        this.model = model;
        this.options = options;
        this.interruption = interruption;
    }

    /**
     * Runs all.
     *
     * @param modelName as messages and results say it
     * @param commandOptions the command's options, which the prompts are added to
     * @param isSet whether the numbers are means over cases
     * @param arguments the command line
     */
    void run(String modelName, ObjectNode commandOptions, List<? extends SweepCase> cases, boolean isSet,
            List<String> arguments) throws IOException {
        List<SweepNumbers> numbers =
                cases.stream().map(each -> SweepNumbers.empty(each, options.grids(), model)).toList();
        List<String> positions =
                AnsweredPair.positionLabels(model, cases.stream().map(SweepCase::baseIds).toList());
        options.pictures().requireDrawable(numbers.getFirst().parts());
        SweepSetup setup = setup(modelName, commandOptions, cases);
        if (options.resume() && Files.exists(options.out())) {
            new SweepResume(PreviousResult.read("--resume", options.out())).fill(setup, numbers);
        }
        long start = System.nanoTime();
        interruption.resultToCome();
        SweepReport report = new SweepReport(setup, numbers, isSet, positions);
        try {
            runAll(numbers);
        } catch (RuntimeException e) {
            if (numRuns > 0) { // of hours of work nothing is lost
                report.write(options.out(), arguments);
            }
            throw e;
        }
        report.write(options.out(), arguments);
        options.pictures().write(report.grids(), report.baseline(cases.getFirst().unpatched()), setup.metric(),
                modelName);
        streams.err().println(summary((System.nanoTime() - start) / 1e9,
                numbers.stream().allMatch(SweepNumbers::isComplete)));
    }

    private SweepSetup setup(String modelName, ObjectNode commandOptions, List<? extends SweepCase> cases)
            throws IOException {
        try (Progress _ = Progress.of(streams, "reading the weights for their digest")) {
            return SweepSetup.of(SweepSetup.describe(model, modelName), options.metric(), commandOptions, cases);
        }
    }

    private void runAll(List<SweepNumbers> cases) {
        SweepProgress progress = new SweepProgress(SweepProgress.Extent.of(cases), interruption::isRequested);
        try (Progress _ = Progress.of(streams, progress::text)) {
            for (int number = 0; number < cases.size(); number++) {
                SweepNumbers each = cases.get(number);
                if (!each.isComplete() && !runNumbered(each, cases.size() == 1 ? 0 : number + 1, progress)) {
                    break;
                }
            }
        }
    }

    /** @param pair its number among several, from 1, which messages name; 0 for the only one */
    private boolean runNumbered(SweepNumbers numbers, int pair, SweepProgress progress) {
        try {
            return run(numbers, progress);
        } catch (IllegalArgumentException e) {
            throw pair == 0 ? e : new IllegalArgumentException("pair " + pair + ": " + e.getMessage(), e);
        }
    }

    private boolean run(SweepNumbers numbers, SweepProgress progress) {
        SweepCase sweepCase = numbers.sweepCase();
        SweepOptions sweepOptions = SweepOptions.defaults().withPlain(options.plain());
        try (PatchSweep sweep = new PatchSweep(model, sweepCase.baseIds(), sweepCase.from(), sweepOptions)) {
            SweepCase.Baselines baselines = sweepCase.baselines(sweep);
            numbers.baselines().putAll(baselines.numbers());
            for (SweepNumbers.Part part : numbers.parts()) {
                progress.begin(part.grid().name(), part.grid().done().cardinality());
                if (!part.isComplete() && !run(sweep, sweepCase, part, baselines, progress)) {
                    return false;
                }
            }
            progress.endCase();
            return true;
        }
    }

    private boolean run(PatchSweep sweep, SweepCase sweepCase, SweepNumbers.Part part, SweepCase.Baselines baselines,
            SweepProgress progress) {
        GridResult cells = part.cells();
        if (cells == null) {
            return runPaths(sweepCase, part.grid(), baselines, progress);
        }
        long before = sweep.numRuns();
        try {
            return sweepCase.withSource(sweep, cells.grid(),
                    source -> sweep.run(cells, source, baselines.metric(), progress));
        } finally {
            numRuns += sweep.numRuns() - before;
        }
    }

    private boolean runPaths(SweepCase sweepCase, LabelledGrid grid, SweepCase.Baselines baselines,
            SweepProgress progress) {
        CircuitOptions edgeOptions = CircuitOptions.of(1).withPlain(options.plain());
        try (PathSweep paths = new PathSweep(model, sweepCase.paths().orElseThrow(), edgeOptions)) {
            boolean isRun = paths.run(grid, baselines.metric(), progress);
            numRuns += paths.numRuns();
            return isRun;
        }
    }

    private String summary(double seconds, boolean complete) {
        return String.format(Locale.ROOT, "%,d patched runs in %.2f s (%,.0f a second)%s", numRuns, seconds,
                numRuns / seconds, complete ? "" : ", ended by interruption; --resume goes on");
    }
}
