package io.github.pastkv.cli;

import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.patching.GridResult;
import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.PatchGrid;
import io.github.pastkv.lens.patching.PatchSource;
import io.github.pastkv.lens.patching.PatchSweep;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.lens.patching.SweepOptions;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Sweeps over patched runs of a pair of prompts. */
@Command(name = "patch", sortOptions = false, header = {"Finds where in a model a behaviour comes from.", ""},
        customSynopsis = {"pastkv patch [OPTIONS] --clean TEXT --corrupt TEXT --answer TEXT --wrong TEXT --out FILE",
            "       pastkv patch [OPTIONS] --clean-tokens IDS --corrupt-tokens IDS --answer-token ID \\",
            "                    --wrong-token ID --out FILE", ""},
        description = "Runs the corrupted prompt again and again, each time with one activation taken from the clean run "
                + "(activation patching), and writes what a metric makes of each. The part that the prompts share is computed "
                + "once, and every run computes only what can change.%n",
        footer = {"", "Grids: resid_pre, resid_mid, resid_post, attn_out, mlp_out (by layer and position);",
            "head_out, head_q, head_k, head_v, head_pattern, each with _all_pos (by layer and head) or _by_pos",
            "(by layer, position and head); head_pattern_dest_src_pos; and the bundles block_every,",
            "head_all_pos_every and head_by_pos_every.",
            "",
            "The metric is the answer's logit less the wrong one's behind the last token, unless --metric says",
            "otherwise. Ctrl-C ends the sweep; what is done is written (JSON: the rest is null).", "", "Examples:",
            "  pastkv patch --clean \"When Mary and John went to the store, John gave a drink to\" \\",
            "      --corrupt \"When Mary and John went to the store, Mary gave a drink to\" \\",
            "      --answer \" Mary\" --wrong \" John\" --grid resid_pre --grid head_out_all_pos --out grids.json"})
final class PatchCommand implements Callable<Integer> {
    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Mixin private PairMixin pairOptions = new PairMixin();

    @Option(names = "--grid", paramLabel = "NAME", split = ",", hideParamSyntax = true, required = true,
            description = "What is patched; may be given more than once.") private List<String> gridNames = List.of();

    @Option(names = "--metric", paramLabel = "NAME",
            description = "logit_diff, normalised (the same, 0 for the corrupted prompt and 1 for the clean one), probability, "
                    + "loss or rank of the answer, or kl (from the clean run). Default: logit_diff.") private String metricName =
                            "logit_diff";

    @Option(names = "--noising",
            description = "Patch the clean prompt from the corrupted run instead.") private boolean noising;

    @Option(names = "--plain",
            description = "Run every patched prompt in full; slower, the same bits.") private boolean plain;

    @Option(names = "--out", paramLabel = "FILE", required = true,
            description = "Where the numbers go: .csv for a table of rows, else JSON.") private Path out = Path.of("");

    @Option(names = "--plot", paramLabel = "FILE",
            description = "Draw a heat map around the baseline (PNG); of several grids one each, their names put before the "
                    + "ending of FILE.") private @Nullable Path plot;

    @Option(names = "--page", paramLabel = "FILE",
            description = "Write all grids as one HTML page that needs nothing beside it.") private @Nullable Path page;

    @Mixin private ModelMixin modelOptions = new ModelMixin(ComputeChoice.F32);

    PatchCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        modelOptions.check();
        pairOptions.check();
        OutFile.requireWritable("--out", out);
        PatchPictures pictures = new PatchPictures(plot, page);
        pictures.requireWritable();
        List<PatchGrid> grids = grids();
        try (Model model = pairOptions.isIds() ? modelOptions.loadForIds(streams) : modelOptions.load(streams);
                Interruption interruption = new Interruption()) {
            PromptPair pair = pairOptions.pair(model, modelOptions);
            try (PatchSweep sweep = PatchSweep.ofPair(model, pair, noising, SweepOptions.defaults().withPlain(plain))) {
                return run(model, pair, sweep, grids, pictures, interruption);
            }
        }
    }

    private List<PatchGrid> grids() {
        try {
            return gridNames.stream().flatMap(name -> PatchGrid.named(name).stream()).distinct().toList();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--grid: " + e.getMessage());
        }
    }

    private int run(Model model, PromptPair pair, PatchSweep sweep, List<PatchGrid> grids, PatchPictures pictures,
            Interruption interruption) throws IOException {
        List<GridResult> results = grids.stream().map(sweep::emptyResult).toList(); // refuses before anything runs
        List<String> tokens = PromptMixin.labels(model, noising ? pair.clean() : pair.corrupted());
        pictures.requireDrawable(results, tokens);
        float[] other = sweep.lastLogits(noising ? pair.corrupted() : pair.clean());
        float[] clean = noising ? sweep.baseLogits() : other;
        float[] corrupted = noising ? other : sweep.baseLogits();
        Metric metric = pairOptions.metric(metricName, clean, corrupted, model);
        long start = System.nanoTime();
        interruption.resultToCome();
        boolean complete = true;
        for (GridResult result : results) {
            complete = complete && runGrid(pair, sweep, result, metric, interruption);
        }
        PatchReport report = new PatchReport(metricName, metric.of(clean), metric.of(corrupted), results,
                tokens);
        report.write(out, model, modelOptions.name(), spec.commandLine().getParseResult().originalArgs());
        pictures.write(results, tokens, metric.of(noising ? clean : corrupted), metricName, modelOptions.name());
        streams.err().println(summary(sweep, (System.nanoTime() - start) / 1e9, complete));
        return 0;
    }

    private boolean runGrid(PromptPair pair, PatchSweep sweep, GridResult result, Metric metric,
            Interruption interruption) {
        PatchProgress progress =
                new PatchProgress(result.grid().name(), result.values().length, interruption::isRequested);
        try (Progress _ = Progress.of(streams, progress::text);
                CachedRun source = sweep.sourceRun(noising ? pair.corrupted() : pair.clean(), result.grid())) {
            return sweep.run(result, PatchSource.ofRun(source.activations()), metric, progress);
        }
    }

    private String summary(PatchSweep sweep, double seconds, boolean complete) {
        return String.format(Locale.ROOT, "%,d patched runs in %.2f s (%,.0f a second)%s", sweep.numRuns(), seconds,
                sweep.numRuns() / seconds, complete ? "" : ", ended by interruption");
    }
}
