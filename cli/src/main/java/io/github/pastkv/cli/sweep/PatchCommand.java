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
@Command(name = "patch", sortOptions = false, header = {"Find where in a model a behaviour comes from.", ""},
        customSynopsis = {"pastkv patch [OPTIONS] --clean TEXT --corrupt TEXT --answer TEXT --wrong TEXT --out FILE",
            "       pastkv patch [OPTIONS] --clean-tokens IDS --corrupt-tokens IDS --answer-token ID \\",
            "                    --wrong-token ID --out FILE",
            "       pastkv patch [OPTIONS] --pairs FILE.jsonl --out FILE", ""},
        description = "Runs the corrupted prompt again and again, each time with one activation taken from the clean run "
                + "(activation patching), and writes what a metric makes of each. The part that the prompts share is computed "
                + "once, and every run computes only what can change.%n",
        footer = {"", SweepMixin.GRIDS_1, SweepMixin.GRIDS_2, SweepMixin.GRIDS_3, SweepMixin.GRIDS_4,
            SweepMixin.GRIDS_5,
            "",
            "The metric is the answer's logit less the wrong one's behind the last token, unless --metric says",
            "otherwise. Ctrl-C ends the sweep; what is done is written (JSON: the rest is null), and --resume",
            "goes on from it. With --pairs the numbers are means over the pairs, each with its standard deviation",
            "as spread, and the JSON has those of each pair too.", "", "Examples:",
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
            description = "Patch the clean prompt from the corrupted run instead.") private boolean noising;

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
