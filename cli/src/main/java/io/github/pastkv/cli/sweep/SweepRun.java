package io.github.pastkv.cli.sweep;

import io.github.pastkv.cli.io.Interruption;
import io.github.pastkv.cli.io.OutFile;
import io.github.pastkv.cli.io.Progress;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.lens.sweep.ModelIdentity;
import io.github.pastkv.lens.sweep.Sweep;
import io.github.pastkv.lens.sweep.SweepCase;
import io.github.pastkv.lens.sweep.SweepResult;
import io.github.pastkv.lens.sweep.SweepRunner;
import io.github.pastkv.lens.sweep.SweepTask;
import io.github.pastkv.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Runs a sweep task by task, and writes what is known at the end, even after Ctrl-C or a failure. */
final class SweepRun {
    private final Streams streams;
    private final Model model;
    private final SweepMixin options;
    private final Interruption interruption;

    SweepRun(Streams streams, Model model, SweepMixin options, Interruption interruption) {
        this.streams = streams;
        this.model = model;
        this.options = options;
        this.interruption = interruption;
    }

    /**
     * Runs all cases.
     *
     * @param modelName as messages and results say it
     * @param isSet whether the numbers are means over cases
     * @param command the command line, for the result file
     */
    void run(String modelName, List<? extends SweepCase> cases, boolean isSet, String command) throws IOException {
        ModelIdentity identity = identity(modelName);
        SweepResult result = SweepResult.empty(new Sweep(identity, cases, options.grids(), isSet), model);
        SweepText text = new SweepText(model, result, command);
        options.pictures().requireDrawable(text);
        Path out = options.out();
        if (out != null && options.resume() && Files.exists(out)) {
            result.resume("--resume", out);
        }
        long start = System.nanoTime();
        interruption.resultToCome();
        try (SweepRunner runner = new SweepRunner(model, identity, options.plain())) {
            try {
                runAll(runner, result);
            } catch (RuntimeException e) {
                if (runner.numRuns() > 0) { // hours of work are not lost
                    write(result, command);
                }
                throw e;
            }
            write(result, command);
            options.pictures().write(text);
            streams.out().print(text.summary());
            streams.out().flush();
            streams.err().println(summary(runner.numRuns(), (System.nanoTime() - start) / 1e9, result.isComplete()));
        }
    }

    private ModelIdentity identity(String modelName) throws IOException {
        try (Progress _ = Progress.of(streams, "reading the weights for their digest")) {
            return ModelIdentity.of(model, modelName);
        }
    }

    private void runAll(SweepRunner runner, SweepResult result) {
        SweepProgress progress = new SweepProgress(SweepProgress.Extent.of(result), interruption::isRequested);
        boolean isSingle = result.sweep().cases().size() == 1;
        try (Progress _ = Progress.of(streams, progress::text)) {
            for (SweepTask task : result.openTasks()) {
                progress.begin(task.grid().name(), task.caseIndex());
                try {
                    if (!runner.run(task, progress, result::add)) {
                        return;
                    }
                } catch (IllegalArgumentException e) {
                    throw isSingle
                            ? e
                            : new IllegalArgumentException("pair " + (task.caseIndex() + 1) + ": " + e.getMessage(), e);
                }
            }
        }
    }

    private void write(SweepResult result, String command) throws IOException {
        Path out = options.out();
        if (out != null) {
            OutFile.write(out, options.isTable() ? result.table() : result.json(Map.of("command", command)));
        }
    }

    private static String summary(long numRuns, double seconds, boolean complete) {
        return String.format(Locale.ROOT, "%,d runs in %.2f s (%,.0f a second)%s", numRuns, seconds,
                numRuns / seconds, complete ? "" : ", ended by interruption; --out and --resume go on from there");
    }
}
