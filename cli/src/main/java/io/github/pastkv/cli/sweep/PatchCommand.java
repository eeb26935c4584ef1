package io.github.pastkv.cli.sweep;

import io.github.pastkv.cli.io.Interruption;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.lens.sweep.PatchCase;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Sweeps over patched runs of a pair of prompts. */
@Command(name = "patch", sortOptions = false,
        header = {"Find the activations that cause a behavior (activation patching).", ""},
        customSynopsis = {"pastkv patch [OPTIONS] --clean TEXT --corrupt TEXT --answer TEXT --wrong TEXT --grid NAME",
            "       pastkv patch [OPTIONS] --clean-tokens IDS --corrupt-tokens IDS --answer-token ID \\",
            "                    --wrong-token ID --grid NAME",
            "       pastkv patch [OPTIONS] --pairs FILE.jsonl --grid NAME", ""},
        description = "Activation patching: runs the corrupted prompt once for each activation, with that "
                + "activation replaced by its value from the clean run, and reports a metric of the logits for each "
                + "run. The prefix that both prompts share is computed once, and each run computes only what its "
                + "patch can change.%n",
        footer = {"",
            SweepMixin.GRIDS, "",
            "The metric logit_diff is the logit of --answer minus that of --wrong, at the last position. Ctrl-C",
            "ends the sweep and writes the results so far (in JSON, the others are null); --resume continues.",
            "With --pairs the results are means over the pairs, the field spread is their standard deviation,",
            "and JSON output also has the results of each pair.", "", "Examples:",
            "  pastkv patch --clean \"When Mary and John went to the store, John gave a drink to\" \\",
            "      --corrupt \"When Mary and John went to the store, Mary gave a drink to\" \\",
            "      --answer \" Mary\" --wrong \" John\" --grid resid_pre --grid head_out_all_pos --out grids.json",
            "  pastkv patch --pairs names.jsonl --grid block_every --out blocks.json --page blocks.html"})
public final class PatchCommand implements Callable<Integer> {
    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Mixin private PairMixin pairOptions = new PairMixin();

    @Mixin private MetricTokensMixin answerOptions = new MetricTokensMixin();

    @Mixin private SweepMixin sweepOptions = new SweepMixin();

    @Option(names = "--noising",
            description = "Replace activations of the clean run by those of the corrupted run "
                    + "instead.") private boolean noising;

    @Mixin private ModelMixin modelOptions = new ModelMixin(ComputeChoice.F32);

    public PatchCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        modelOptions.check();
        pairOptions.check(answerOptions, sweepOptions.metric());
        sweepOptions.check();
        boolean isIds = pairOptions.isIds() && answerOptions.isIds();
        try (Model model = isIds ? modelOptions.loadForIds(streams) : modelOptions.load(streams);
                Interruption interruption = new Interruption()) {
            List<PatchCase> cases =
                    pairOptions.pairs(model, modelOptions, answerOptions, sweepOptions.metric(), true, noising);
            new SweepRun(streams, model, sweepOptions, interruption).run(modelOptions.name(), cases,
                    pairOptions.isSet(), CommandLineText.of(spec.commandLine().getParseResult().originalArgs()));
            return 0;
        }
    }
}
